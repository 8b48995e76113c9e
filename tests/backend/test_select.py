"""Choosing anew without an answer: other budgets, weights and scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.support.adapters import save_adapter
from tests.support.reference import picture
from tests.support.stop import after

from vlmscope import Failed, InputError, Maps, SharedBase, Stopped, kinds, run, select
from vlmscope.checkpoints.hub_errors import Interrupted
from vlmscope.variants.uniform import Uniform

QUERY = "What colour is the star?"


@pytest.fixture(scope="module")
def adapter(base: SharedBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_adapter(tmp_path_factory.mktemp("adapters") / "few", base.model)


@pytest.mark.parametrize("keep", ["keep=1", "keep=7", "keep=30%", "keep=100%"])
def test_of_every_kind_it_keeps_what_a_comparison_would_keep(base, head_file, adapter, keep: str):
    image, sources = picture(160, 128, seed=5), {"arr-coc": head_file, "lora": adapter}
    lines = [f"arr-coc:{head_file},{keep},weights=equal", f"divprune:{keep},lora={adapter}"]
    for name, kind in kinds().items():
        given = [str(sources[name])] if kind.source else []
        given += [keep] if "keep" in kind.options else []
        lines += [f"{name}:{','.join(given)}" if given else name]
    done = run(base, image, QUERY, lines, max_new_tokens=1)
    for chosen, result in zip(select(base, image, QUERY, lines), done.results, strict=True):
        assert isinstance(chosen, Maps)
        assert (chosen.id, chosen.grid) == (result.id, result.grid)
        assert result.assign is not None and np.array_equal(chosen.assign, result.assign)
        assert result.maps.keys() == {"attention", *chosen.maps}
        for key, each in chosen.maps.items():
            assert np.array_equal(each.values, result.maps[key].values)


def test_stopped_between_two_variants_it_has_what_was_chosen_till_then(tiny, square):
    first, second = select(tiny, square, QUERY, ["uniform", "center"], stop=after(1))
    assert isinstance(first, Maps) and isinstance(second, Stopped)
    (late,) = select(tiny, square, QUERY, ["uniform"], max_seconds=1e-6)
    assert isinstance(late, Stopped) and "after 1e-06 s" in late.result.warnings[-1]


def test_a_download_that_is_stopped_fails_no_variant(tiny, square, monkeypatch):
    def stopped(*args, **kwargs):
        raise Interrupted("The download was stopped.")

    monkeypatch.setattr("vlmscope.engine.base.held_source", stopped)
    first, second = select(tiny, square, QUERY, ["arr-coc:hf://someone/head", "uniform"])
    assert isinstance(first, Stopped) and isinstance(second, Maps)


def test_when_memory_runs_out_it_is_tried_once_more(tiny, square, monkeypatch):
    plan, full = Uniform.plan, iter([True])

    def planned(self, context):
        if next(full, False):
            raise torch.OutOfMemoryError("out of memory")
        return plan(self, context)

    monkeypatch.setattr(Uniform, "plan", planned)
    assert isinstance(select(tiny, square, QUERY, ["uniform"])[0], Maps)


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
