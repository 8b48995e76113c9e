"""Bases for the tests: one of random weights, and the one that ships when it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from tests.support.heads import save_head
from tests.support.hub import LoopbackHub, hub_of
from tests.support.reference import picture
from tests.support.tiny_base import make_tiny_base

from vlmscope import SharedBase
from vlmscope.checkpoints.hub import Hub
from vlmscope.engine.loading import shipped_folder

BASES = ["random", *(["shipped"] if (shipped_folder() / "config.json").is_file() else [])]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is remembered of files lies with the tests."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_base(tmp_path_factory.mktemp("bases") / "tiny")


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> SharedBase:
    """The base of random weights."""
    return SharedBase.load(tiny_folder, device="cpu")


@pytest.fixture(scope="session", params=BASES)
def base(request: pytest.FixtureRequest, tiny: SharedBase) -> SharedBase:
    """Each base in turn."""
    return tiny if request.param == "random" else SharedBase.load(device="cpu")


@pytest.fixture(scope="session")
def square() -> Image.Image:
    return picture(160, 160)


@pytest.fixture(scope="session")
def head_file(base: SharedBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ARR-COC head of random weights that fits the base."""
    return save_head(tmp_path_factory.mktemp("heads") / "late.safetensors", base.hidden_size)


@pytest.fixture(scope="session")
def tiny_head(tiny: SharedBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_head(tmp_path_factory.mktemp("heads") / "late.safetensors", tiny.hidden_size)


@pytest.fixture
def server() -> Iterator[LoopbackHub]:
    with LoopbackHub() as server:
        yield server


@pytest.fixture
def hub(server: LoopbackHub, tmp_path: Path) -> Hub:
    return hub_of(server, tmp_path / "hub")
