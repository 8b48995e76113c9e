"""The budget slider, live."""

import numpy as np

from convert import Context, from_run
from reselecting import common_budget, reselected
from vlmscope import SharedBase, Variant, run

from .conftest import QUESTION


def test_a_new_budget_shows_what_the_engine_would_keep_beside_the_old_answer(
    base: SharedBase, image, head
):
    lines = ["baseline", f"arr-coc:{head},keep=50%", "random:keep=50%", "uniform:keep=4"]
    made = run(base, image, QUESTION, [Variant.parse(line) for line in lines], max_new_tokens=4)
    assert common_budget(made) == "50%"
    value = reselected(base, made, 25, Context())
    other = [line.replace("50%", "25%") for line in lines]
    anew = run(base, image, QUESTION, [Variant.parse(line) for line in other], max_new_tokens=4)
    for cell, was, now in zip(value.cells, made.results, anew.results, strict=True):
        assert cell.id == was.id
        assert cell.answer == was.answer
        assert cell.tokens is not None and now.assign is not None
        assert np.array_equal(cell.tokens.to_mask().ravel().nonzero()[0], now.kept)
    assert "answer of keep 50 %" in value.cells[1].subtitle
    assert value.cells[1].metrics == {"image_tokens": len(anew.results[1].kept)}
    # What has a budget of its own, or none, is as it was.
    before = from_run(made, Context())
    assert value.cells[0] == before.cells[0]
    assert value.cells[3] == before.cells[3]


def test_the_budget_of_the_answers_gives_the_comparison_as_it_was(base, image):
    made = run(base, image, QUESTION, ["baseline", "random:keep=50%"], max_new_tokens=4)
    assert reselected(base, made, 50, Context()).cells == from_run(made, Context()).cells


def test_a_variant_that_cannot_choose_says_so_in_its_own_cell(base, image):
    lines = ["random:keep=50%", "arr-coc:gone.safetensors,keep=50%"]
    made = run(base, image, QUESTION, lines, max_new_tokens=4)
    value = reselected(base, made, 25, Context())
    assert [cell.status for cell in value.cells] == ["done", "failed"]
    assert "gone.safetensors" in (value.cells[1].error or "")
