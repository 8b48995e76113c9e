"""Where float16 overflows, the row is run in float32 over the same weights, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.support.adapters import save_adapter
from tests.support.reference import Recorder, assert_same, picture

from vlmscope import BaseError, SharedBase, run
from vlmscope.engine.decode import Batch
from vlmscope.engine.wide import widened

QUERY = "What colour is the star?"
LINES = ["baseline", "random:keep=50%", "pool:keep=30%"]


@pytest.fixture(scope="module")
def half(tiny_folder: Path) -> SharedBase:
    return SharedBase.load(tiny_folder, device="cpu", dtype="float16")


@pytest.fixture
def full(half: SharedBase, tiny_folder: Path) -> SharedBase:
    """float32, with the weights that float16 has now: ask for it after what changes them."""
    base = SharedBase.load(tiny_folder, device="cpu")
    base.model.load_state_dict(half.model.state_dict())
    return base


@pytest.fixture(autouse=True)
def pixels_as_float16_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A float16 model rounds its pixels before any module runs; the reference gets the same ones."""
    right = SharedBase.pixels

    def rounded(base: SharedBase, image):
        pixels = right(base, image)
        return replace(pixels, values=pixels.values.half().float())

    monkeypatch.setattr(SharedBase, "pixels", rounded)


@contextmanager
def scaled(factors: dict[torch.Tensor, float]) -> Iterator[None]:
    """Weights multiplied by factors for as long as this lasts."""
    before = {weight: weight.detach().clone() for weight in factors}
    with torch.no_grad():
        for weight, factor in factors.items():
            weight.mul_(factor)
        try:
            yield
        finally:
            for weight, was in before.items():
                weight.copy_(was)


@pytest.fixture
def overflowing(half: SharedBase):
    """The base of float16, with activations of its language model out of range."""
    mlp = half.model.model.language_model.layers[1].mlp
    with scaled({mlp.up_proj.weight: 3000, mlp.gate_proj.weight: 3000}):
        yield half


def traced(base: SharedBase, monkeypatch, lines=LINES, **options):
    options = {"max_new_tokens": 6, **options}
    with monkeypatch.context() as patch:
        recorder = Recorder(patch)
        done = run(base, picture(160, 96, seed=5), QUERY, lines, **options)
        return done.results, [recorder.trace(result) for result in done.results]


def test_a_widened_model_gives_what_float32_weights_would_and_shares_every_tensor(half, full):
    wide = widened(half.model)
    ids = torch.randint(10, 300, (2, 9), generator=torch.Generator().manual_seed(1))
    pixels = half.pixels(picture(160, 96, seed=5))
    with torch.inference_mode():
        assert torch.equal(wide(input_ids=ids).logits, full.model(input_ids=ids).logits)
        ours, theirs = (
            model.get_image_features(
                pixels.values, pixels.grid_thw, return_dict=True
            ).pooler_output[0]
            for model in (wide, full.model)
        )
        assert torch.equal(ours, theirs)
        assert half.model(input_ids=ids).logits.dtype == torch.float16  # itself as it was
    assert {p.data_ptr() for p in wide.parameters()} == {
        p.data_ptr() for p in half.model.parameters()
    }


@pytest.mark.parametrize("mode", ["together", "measured"])
def test_a_prompt_that_overflows_is_answered_in_float32(overflowing, full, monkeypatch, mode):
    expected, logits = traced(full, monkeypatch)
    results, found = traced(overflowing, monkeypatch, mode=mode)
    for result, theirs in zip(results, expected, strict=True):
        assert result.status == "done" and result.token_ids == theirs.token_ids
        assert sum("float16 overflowed in the prompt" in said for said in result.warnings) == 1
    if mode == "together":
        for ours, theirs in zip(found, logits, strict=True):
            assert_same(ours, theirs)


def test_the_tower_that_overflows_is_run_in_float32_and_said(half, monkeypatch):
    mlp = half.model.model.visual.blocks[1].mlp
    half.memory.forget()
    with scaled({mlp.linear_fc1.weight: 2e4, mlp.linear_fc2.weight: 1e-4}):
        results, _ = traced(half, monkeypatch, ["baseline", "divprune:keep=40%"])
    half.memory.forget()
    for result in results:
        assert result.status == "done", result.error
        assert any("vision tower ran in float32" in said for said in result.warnings)


@pytest.mark.parametrize("mode", ["together", "measured"])
def test_an_answer_that_overflows_half_way_goes_on_in_float32_and_the_others_stay(
    half, monkeypatch, mode
):
    expected, _ = traced(half, monkeypatch)
    right = Batch._forward
    steps = [0]

    def overflow(batch: Batch, token_ids):
        out = right(batch, token_ids)
        is_half = batch._model is half.model
        steps[0] += is_half
        if steps[0] == 3 and is_half:
            out[0, 5] = torch.inf
        return out

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "_forward", overflow)
        results, _ = traced(half, monkeypatch, mode=mode)
    assert [result.status for result in results] == ["done"] * 3
    said = [any("after 3 tokens of the answer" in w for w in r.warnings) for r in results]
    assert said == [True, False, False]
    assert results[0].token_ids[:3] == expected[0].token_ids[:3]
    for index in (1, 2):
        assert results[index].token_ids == expected[index].token_ids
    again, _ = traced(half, monkeypatch)
    assert again[0].token_ids == expected[0].token_ids  # and nothing is left on the base


def test_an_adapter_is_widened_with_its_base(overflowing, full, tmp_path, monkeypatch):
    line = f"lora:{save_adapter(tmp_path / 'adapter', overflowing.model)}"
    expected, _ = traced(full, monkeypatch, [line])
    results, _ = traced(overflowing, monkeypatch, [line])
    assert results[0].status == "done", results[0].error
    assert results[0].token_ids == expected[0].token_ids


def test_what_is_not_finite_in_float32_either_is_a_sentence(half, monkeypatch):
    with scaled({half.model.model.language_model.norm.weight: torch.nan}):
        results, _ = traced(half, monkeypatch, ["baseline"])
    assert results[0].status == "failed" and "not finite" in (results[0].error or "")


def test_a_base_that_is_offloaded_cannot_be_widened():
    model = torch.nn.Linear(2, 2)
    model.hf_device_map = {"": "disk"}  # type: ignore[assignment]
    with pytest.raises(BaseError, match="offloaded"):
        widened(model)
