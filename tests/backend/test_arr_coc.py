"""ARR-COC's arithmetic gives the reference's numbers, and refuses what is no head of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.support.heads import make_state

from vlmscope import CheckpointError
from vlmscope.arr_coc import ArrCoc

VECTORS = load_file(Path(__file__).parent / "data" / "arr-coc-reference.safetensors")


@pytest.fixture(scope="module")
def scores():
    state = {key[6:]: value for key, value in VECTORS.items() if key.startswith("state.")}
    return ArrCoc.from_state_dict(state).score(VECTORS["image"], VECTORS["query_embedding"])


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("texture", 1e-5),
        ("information", 5e-5),
        ("perspectival", 1e-5),
        ("participatory", 1e-5),
        ("weights", 1e-5),
        ("balanced", 5e-5),
    ],
)
def test_scores_equal_the_reference(scores, name: str, tolerance: float):
    found = getattr(scores, name)
    assert found.shape == VECTORS[name].shape
    assert float((found - VECTORS[name]).abs().max()) < tolerance


def test_the_same_cells_are_the_top_200(scores):
    assert set(scores.top_k(200).tolist()) == set(VECTORS["top_k"].tolist())


def test_more_than_all_cells_is_all_cells(scores):
    assert sorted(scores.top_k(5000).tolist()) == list(range(1024))


def test_an_array_scores_as_its_tensor(scores):
    state = {key[6:]: value for key, value in VECTORS.items() if key.startswith("state.")}
    again = ArrCoc.from_state_dict(state).score(
        VECTORS["image"].numpy(), VECTORS["query_embedding"].numpy()
    )
    assert torch.equal(again.balanced, scores.balanced)


def test_an_image_of_one_colour_gives_numbers():
    head = ArrCoc.from_state_dict(make_state(64))
    flat = head.score(np.full((40, 60, 3), 200, np.uint8), torch.ones(64))
    assert torch.isfinite(flat.balanced).all()


def test_gradients_reach_every_tensor_of_the_head():
    state = {key: value.requires_grad_() for key, value in make_state(64).items()}
    head = ArrCoc(state, 64)
    head.score_texture(VECTORS["texture"], VECTORS["query_embedding"]).balanced.mean().backward()
    assert all(value.grad is not None for value in state.values())


def test_a_state_with_a_missing_key_is_refused_by_name():
    state = make_state(64)
    del state["balancer.weight_predictor.4.bias"]
    with pytest.raises(CheckpointError, match=r"missing balancer\.weight_predictor\.4\.bias"):
        ArrCoc.from_state_dict(state)
