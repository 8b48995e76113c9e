"""A base of random weights, an image and heads that fit and do not, for the app's tests."""

from pathlib import Path

import pytest
from PIL import Image
from tests.support.heads import save_head
from tests.support.reference import picture
from tests.support.tiny_base import make_tiny_base

from vlmscope import Run, SharedBase, Variant, run

QUESTION = "What colour is the star?"


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory) -> Path:
    return make_tiny_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="session")
def base(tiny_base) -> SharedBase:
    return SharedBase.load(tiny_base, device="cpu")


@pytest.fixture(scope="session")
def image() -> Image.Image:
    return picture(192, 160)


@pytest.fixture(scope="session")
def image_file(image, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("images") / "scene.png"
    image.save(path)
    return path


@pytest.fixture(scope="session")
def head(base, tmp_path_factory) -> Path:
    return save_head(tmp_path_factory.mktemp("heads") / "late.safetensors", base.hidden_size)


@pytest.fixture(scope="session")
def variants(head) -> list[Variant]:
    """A baseline, a head, a control, and a checkpoint that is not there."""
    lines = (
        "baseline",
        f"arr-coc:{head},keep=50%",
        "random:keep=25%,seed=3",
        "arr-coc:gone.safetensors",
    )
    return [Variant.parse(line) for line in lines]


@pytest.fixture(scope="session")
def finished_run(tiny_base, image, variants) -> Run:
    # A base of its own: one that has seen the image would not run its vision tower again.
    fresh = SharedBase.load(tiny_base, device="cpu")
    return run(fresh, image, QUESTION, variants, max_new_tokens=6)
