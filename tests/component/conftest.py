"""A small comparison, and where Gradio keeps its files while a test runs."""

import zlib

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
