"""The app, started as `make run` starts it, and a browser to look at it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from safetensors.torch import load_file, save_file
from tests.support.heads import save_head
from tests.support.hub import LoopbackHub
from tests.support.tiny_base import make_tiny_base
from transformers import AutoTokenizer

from browser import find_or_get
from listening import address_of
from stamps import ROOT
from vlmscope.engine.loading import find_base, shipped_folder

MAX_NEW_TOKENS = 16
# A machine that does other things at the same time is slow, not wrong.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Running:
    """An app that answers at `address`, the base it runs on, and the folder of what it keeps."""

    address: str
    base: str | None
    kept: Path


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    return make_tiny_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="session")
def heads(tmp_path_factory) -> Path:
    """A folder with two heads of random weights that fit the base that ships."""
    if not (shipped_folder() / "model.safetensors").is_file():
        pytest.fail("No base ships in this checkout, so the app cannot be tested: `make train`.")
    folder = tmp_path_factory.mktemp("heads")
    hidden_size = find_base().hidden_size
    for name in ("one", "two"):
        save_head(folder / f"{name}.safetensors", hidden_size)
    return folder


@pytest.fixture(scope="module")
def app(heads) -> Iterator[Running]:
    """The app on the base that ships, as `make run` starts it without a GPU."""
    limit = {"MAX_NEW_TOKENS": str(MAX_NEW_TOKENS), "PORT": "17960"}
    yield from start(limit | {"CHECKPOINTS": str(heads)}, None)


@pytest.fixture(scope="module")
def talkative_base(tiny_folder, tmp_path_factory) -> str:
    """Random weights, whose answers never end by themselves."""
    return str(_without_ends(tiny_folder, tmp_path_factory.mktemp("talkative") / "base"))


@pytest.fixture(scope="module")
def talkative_app(talkative_base) -> Iterator[Running]:
    """The app on a base whose answers never end by themselves."""
    settings = {"BASE": talkative_base, "MAX_NEW_TOKENS": "3000", "PORT": "17980"}
    yield from start(settings, talkative_base)


@pytest.fixture(scope="module")
def one_place_app(talkative_base) -> Iterator[Running]:
    """The same with one comparison at a time, as with a GPU."""
    settings = {"BASE": talkative_base, "MAX_NEW_TOKENS": "3000", "PORT": "17920", "USERS": "1"}
    yield from start(settings, talkative_base)


def _without_ends(folder: Path, copy: Path) -> Path:
    """A copy of a base whose tied embeddings of the tokens that end an answer are zero.

    Their logit is then zero, which is never the largest of hundreds of random ones.
    """
    shutil.copytree(folder, copy)
    ids = AutoTokenizer.from_pretrained(copy).convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>"])
    weights = load_file(copy / "model.safetensors")
    weights["model.language_model.embed_tokens.weight"][ids] = 0
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    return copy


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Not for the session: Playwright's synchronous side runs once at a time in a process.
    path = find_or_get(Path(sys.executable))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium) -> Iterator[Callable[..., Page]]:
    """Opens the app in a window; a fault of the page's own scripts fails the test."""
    contexts, faults = [], []

    def open_at(address: str, width: int = 1440, height: int = 800, **options) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        # What stands there at first, or what a link says: after that the form is one's own.
        page.locator("#note, [data-testid=cell]").first.wait_for()
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert faults == []


def start(settings: dict[str, str], base: str | None) -> Iterator[Running]:
    """The app as `make run` starts it with such settings, until the fixture ends.

    A fault that it logs meanwhile fails what used it, also one that no page shows.
    """
    environment = {
        k: v for k, v in os.environ.items() if k not in ("BASE", "PYTHON", "CHECKPOINTS")
    }
    # What the app keeps of its people is its own, and no user's of this machine.
    kept = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    process = subprocess.Popen(
        ["make", "run"],
        cwd=ROOT,
        env=environment
        | {"HOST": "127.0.0.1", "CUDA_VISIBLE_DEVICES": "", "XDG_DATA_HOME": kept.name}
        | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    try:
        yield Running(address_of(process, said=said), base, Path(kept.name) / "vlmscope")
    finally:
        # Not SIGINT: what was started in the background of a shell ignores it.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
        kept.cleanup()
    # Not what Python itself could not tell anybody, such as a loop that is collected late.
    faults = [
        number
        for number, (before, line) in enumerate(pairwise(["", *said]))
        if line.startswith("Traceback") and not before.startswith("Exception ignored")
    ]
    assert not faults, "".join(said[faults[0] :])


@pytest.fixture(scope="module")
def hub(heads) -> Iterator[LoopbackHub]:
    """A Hub on loopback with a repository of one head."""
    with LoopbackHub() as server:
        head = (heads / "one.safetensors").read_bytes()
        server.put("someone/heads", {"runs/theirs_step-9.safetensors": head})
        yield server


@pytest.fixture(scope="module")
def shared_app(hub, tmp_path_factory) -> Iterator[Running]:
    """The app for strangers, with repositories on the Hub."""
    own = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path_factory.mktemp("hub"))}
    settings = {"HOST": "0.0.0.0", "HUB": "someone", "PORT": "17940"}
    yield from start(own | settings | {"MAX_NEW_TOKENS": str(MAX_NEW_TOKENS)}, None)
