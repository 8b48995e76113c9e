"""The shares inside a box: as the page tells them, by vectors that both sides are held to."""

import json
from pathlib import Path

import numpy as np
import pytest

from gradio_comparisongrid import Cell, InvalidComparison, Layer, Tokens
from gradio_comparisongrid.region import shares

VECTORS = json.loads((Path(__file__).parent / "regions.json").read_text())


def part(fraction: list[int] | None):
    return None if fraction is None else pytest.approx(fraction[0] / fraction[1], abs=1e-12)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_the_shares_of_a_cell_are_those_of_the_vectors(vector):
    shape = vector["rows"], vector["cols"]
    values = np.array(vector["values"], float).reshape(shape)
    sinks = np.reshape(vector["sinks"], shape) if "sinks" in vector else None
    both_ways = vector.get("diverging", False)
    layer = Layer.from_array("relevance", values, sinks=sinks, diverging=both_ways)
    tokens = None
    if "assign" in vector:
        tokens = Tokens.from_assignment(np.reshape(vector["assign"], shape))
    found = shares(Cell("a", layers=[layer], tokens=tokens), vector["region"])
    assert found.relevance == part(vector["relevance"])
    assert found.kept == part(vector["kept"])
    assert found.area == part(vector["area"])


def test_shares_agree_with_a_picture_cut_into_small_pieces():
    # The box's corners lie on the small pieces' edges, so that counting them is exact.
    random = np.random.default_rng(7)
    values, kept = random.random((5, 6)), random.random((5, 6)) < 0.5
    cell = Cell("a", layers=[Layer.from_array("x", values)], tokens=Tokens.from_mask(kept))
    fine = np.zeros((20, 24), bool)
    fine[3:17, 5:14] = True
    box = (5 / 24, 3 / 20, 14 / 24, 17 / 20)

    def counted(grid: np.ndarray) -> float:
        pieces = np.kron(grid, np.ones((4, 4)))
        return pieces[fine].sum() / pieces.sum()

    found = shares(cell, box)
    assert found.relevance == pytest.approx(counted(values.astype(np.float32)), rel=1e-9)
    assert found.kept == pytest.approx(counted(kept), rel=1e-9)
    assert found.area == pytest.approx(fine.mean(), rel=1e-9)


def test_a_layer_is_found_by_its_key_and_the_first_is_taken_without_one():
    left, right = Layer.from_array("left", [[1, 0]]), Layer.from_array("right", [[0, 1]])
    cell, half = Cell("a", layers=[left, right]), (0, 0, 0.5, 1)
    assert shares(cell, half).relevance == 1
    assert shares(cell, half, "right").relevance == 0
    with pytest.raises(InvalidComparison, match=r"Cell 'a' has no layer 'up' \(left, right\)"):
        shares(cell, half, "up")


def test_a_cell_that_holds_nothing_yet_has_no_shares_but_the_boxs():
    found = shares(Cell("a", status="waiting"), (0, 0, 0.5, 0.5), "relevance")
    assert (found.relevance, found.kept, found.area) == (None, None, 0.25)


@pytest.mark.parametrize("box", [(0.5, 0, 0.2, 1), (0, 0, 1), (0, 0, float("nan"), 1)])
def test_what_is_no_box_is_refused(box):
    with pytest.raises(InvalidComparison, match="is no box"):
        shares(Cell("a"), box)
