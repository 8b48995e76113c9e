"""A small comparison, where Gradio keeps its files while a test runs, and a page's way to call it."""

import json
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import PIL.Image
import pytest

from gradio_comparisongrid import Cell, Comparison, Layer, Metric, Tokens, Word


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Gradio's cache, in a folder of the test module's own."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        yield folder


@pytest.fixture
def photo(request) -> PIL.Image.Image:
    """Another picture for each test, so that none finds it encoded already."""
    seed = zlib.crc32(request.node.nodeid.encode())
    pixels = np.random.default_rng(seed).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    return PIL.Image.fromarray(pixels)


@pytest.fixture
def scores() -> np.ndarray:
    return np.random.default_rng(2).random((9, 12)).astype(np.float32)


@pytest.fixture
def value(photo, scores) -> Comparison:
    return Comparison(
        image=photo,
        query="What colour is the star?",
        metrics=[Metric("total_s", "Total", unit="s", better="lower", digits=2)],
        cells=[
            Cell("baseline", "Baseline", answer="The star is red.", metrics={"total_s": 1.9}),
            Cell(
                "half",
                "Half",
                answer="Red.",
                metrics={"total_s": 1.1},
                layers=[Layer.from_array("relevance", scores)],
                tokens=Tokens.from_mask(scores > 0.5),
                words=[Word(start=0, end=3, map=scores / 2)],
            ),
        ],
    )


@pytest.fixture
def fire() -> Callable[..., dict[str, Any]]:
    """Trigger a function as a page does, with what its event carries: the server's last word."""

    def fire(address: str, name: str, data=(), event=None, session=None) -> dict[str, Any]:
        session = session or uuid.uuid4().hex
        config = httpx.get(f"{address}config").json()
        (function,) = (each for each in config["dependencies"] if each["api_name"] == name)
        asked = {
            "data": list(data),
            "event_data": event,
            "fn_index": function["id"],
            "trigger_id": function["targets"][0][0],
            "session_hash": session,
        }
        httpx.post(f"{address}gradio_api/queue/join", json=asked).raise_for_status()
        told = httpx.get(
            f"{address}gradio_api/queue/data", params={"session_hash": session}, timeout=20
        )
        messages = [
            json.loads(line.removeprefix("data: "))
            for line in told.text.splitlines()
            if line.startswith("data: ")
        ]
        return next(each for each in messages if each["msg"] == "process_completed")

    return fire
