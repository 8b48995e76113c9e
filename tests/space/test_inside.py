"""The internals of an ARR-COC variant, as they are shown."""

import numpy as np
import pytest

import inside_view
from vlmscope import Internals, RunImage, SharedBase, internals

from .conftest import QUESTION


@pytest.fixture(scope="module")
def inside(base: SharedBase, image, head) -> Internals:
    return internals(base, image, QUESTION, f"arr-coc:{head},keep=50%")


@pytest.fixture
def picture(image, inside) -> RunImage:
    return RunImage(image, *inside.grid)


def test_each_score_is_shown_with_the_weight_it_is_multiplied_with(inside, picture):
    value = inside_view.scores(inside, picture)
    assert [cell.title for cell in value.cells] == [
        "Relevance",
        "Information",
        "Perspectival",
        "Participatory",
    ]
    weights = [cell.metrics.get("weight") for cell in value.cells[1:]]
    assert weights == list(inside.weights.values())
    assert sum(inside.weights.values()) == pytest.approx(1)
    shown = value.cells[3].layers[0].to_array()
    assert np.array_equal(shown, inside.participatory.values)


def test_every_texture_channel_has_a_cell_of_its_own(inside, picture):
    value = inside_view.texture(inside, picture)
    assert [cell.title for cell in value.cells] == list(inside.channel_names)
    for cell, channel in zip(value.cells, inside.channels, strict=True):
        assert np.array_equal(cell.layers[0].to_array(), channel)


def test_other_questions_show_what_they_would_keep_and_what_is_shared(inside, picture):
    value = inside_view.questions(inside, picture)
    assert [cell.title for cell in value.cells] == [QUESTION, *(o.query for o in inside.others)]
    asked = value.cells[0].tokens
    assert asked is not None
    for cell in value.cells[1:]:
        assert cell.tokens is not None
        both = asked.to_mask() & cell.tokens.to_mask()
        either = asked.to_mask() | cell.tokens.to_mask()
        assert cell.metrics["jaccard"] == pytest.approx(both.sum() / either.sum())
        assert cell.metrics["shared"] == pytest.approx(100 * both.sum() / asked.to_mask().sum())


def test_the_overlap_is_told_beside_that_of_chance(inside):
    told = inside_view.told(inside)
    assert f"Jaccard {inside.mean_jaccard:.2f}" in told
    assert f"{inside.chance_jaccard:.2f}" in told
