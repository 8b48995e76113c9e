"""Choosing anew without an answer: other budgets, weights and scores."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.reference import picture

from vlmscope import Failed, InputError, Maps, run, select

QUERY = "What colour is the star?"


def test_it_keeps_what_a_comparison_would_keep(base, head_file):
    image = picture(160, 128, seed=5)
    lines = [
        "baseline",
        "random:keep=30%,seed=2",
        "divprune:keep=7",
        "downsample:keep=30%",
        f"arr-coc:{head_file},keep=3,weights=equal",
        "pool:keep=5",
    ]
    done = run(base, image, QUERY, lines, max_new_tokens=1)
    for chosen, result in zip(select(base, image, QUERY, lines), done.results, strict=True):
        assert isinstance(chosen, Maps)
        assert (chosen.id, chosen.grid) == (result.id, result.grid)
        assert result.assign is not None and np.array_equal(chosen.assign, result.assign)
        for key, each in chosen.maps.items():
            assert np.array_equal(each.values, result.maps[key].values)


def test_nothing_of_the_model_runs_for_an_image_that_was_seen(tiny, tiny_head, monkeypatch):
    image = picture(160, 128, seed=6)
    run(tiny, image, QUERY, ["baseline"], max_new_tokens=1)

    def never(*args, **kwargs):
        raise AssertionError("the model ran")

    monkeypatch.setattr(tiny.model.model.visual, "forward", never)
    monkeypatch.setattr(tiny.model.model.language_model, "forward", never)
    lines = [f"arr-coc:{tiny_head},keep={keep}%" for keep in (10, 50, 90)]
    lines += [f"arr-coc:{tiny_head},without=information", "divprune:keep=10%", "saliency"]
    assert all(isinstance(each, Maps) for each in select(tiny, image, QUERY, lines))


def test_a_kind_that_needs_no_features_needs_no_vision_at_all(tiny, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("the vision tower ran")

    monkeypatch.setattr(tiny.model.model.visual, "forward", never)
    unseen, _ = select(tiny, picture(96, 96, seed=91), QUERY, ["uniform", "saliency"])
    assert isinstance(unseen, Maps)


def test_a_variant_that_cannot_choose_leaves_the_others(tiny, square):
    first, second = select(tiny, square, QUERY, ["arr-coc:nowhere.safetensors", "uniform"])
    assert isinstance(first, Failed) and "nowhere.safetensors" in (first.result.error or "")
    assert isinstance(second, Maps)


def test_what_a_comparison_refuses_it_refuses(tiny, square):
    with pytest.raises(InputError, match="The question is empty"):
        select(tiny, square, " ", ["uniform"])
