"""When memory runs out: the batch is halved, down to one row, and nobody else pays for it."""

from __future__ import annotations

import pytest
import torch
from tests.support.reference import Recorder, assert_same, picture

from vlmscope import SharedBase, run
from vlmscope.engine import decode as module
from vlmscope.engine.decode import Batch

QUERY = "Describe the image."
LINES = [
    "baseline",
    "random:keep=50%",
    "uniform:keep=25%",
    "center:keep=3",
    "pool:keep=30%",
    "saliency:keep=60%",
    "divprune:keep=40%",
    "random:keep=10%,seed=4",
]
OUT = [
    torch.OutOfMemoryError("CUDA out of memory"),
    MemoryError(),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
]


def compared(base: SharedBase, monkeypatch, fault=None, steps: int = 8):
    """The results and the logits of every step, with a fault for as long as the run lasts."""
    with monkeypatch.context() as patch:
        recorder = Recorder(patch)
        if fault is not None:
            fault(patch)
        done = run(base, picture(160, 160, seed=12), QUERY, LINES, max_new_tokens=steps)
        return done.results, [recorder.trace(result) for result in done.results]


def forward_of(most: int, after: int, error: Exception):
    """A fault in the middle of a step of more than `most` rows, once `after` steps were taken."""

    def fault(patch):
        taken = [0]
        right = Batch._forward

        def scarce(batch: Batch, token_ids):
            taken[0] += 1
            if len(batch) > most and taken[0] > after:
                layers = batch._cache.layers
                for layer in layers[: len(layers) // 2]:  # as far as a real step would have come
                    layer.keys = torch.cat([layer.keys, layer.keys[:, :, -1:]], dim=2)
                    layer.values = torch.cat([layer.values, layer.values[:, :, -1:]], dim=2)
                raise error
            return right(batch, token_ids)

        patch.setattr(Batch, "_forward", scarce)

    return fault


@pytest.mark.parametrize("error", OUT, ids=["cuda", "python", "cpu"])
@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize("most", [4, 1])
def test_halved_batches_give_the_same_tokens_and_logits(tiny, monkeypatch, most, after, error):
    _, expected = compared(tiny, monkeypatch)
    results, found = compared(tiny, monkeypatch, forward_of(most, after, error))
    assert [result.status for result in results] == ["done"] * len(LINES)
    for ours, theirs in zip(found, expected, strict=True):
        assert_same(ours, theirs)


@pytest.mark.parametrize("most", [4, 2, 1])
def test_memory_that_runs_out_while_caches_are_stacked_loses_none(tiny, monkeypatch, most):
    def fault(patch):
        calls = [0]
        right = module._pad_left

        def scarce(tensors, longest):
            calls[0] += 1
            if len(tensors) > most and calls[0] % 5 == 0:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return right(tensors, longest)

        patch.setattr(module, "_pad_left", scarce)

    _, expected = compared(tiny, monkeypatch)
    results, found = compared(tiny, monkeypatch, fault)
    assert [result.status for result in results] == ["done"] * len(LINES)
    for ours, theirs in zip(found, expected, strict=True):
        assert_same(ours, theirs)


def test_only_a_row_that_does_not_fit_by_itself_fails_and_is_told_what_would(tiny, monkeypatch):
    def fault(patch):
        right = Batch._forward

        def scarce(batch: Batch, token_ids):
            if (
                batch._length - int(batch._pad.min()) > 40
            ):  # the baseline's prompt and all its tokens
                raise torch.OutOfMemoryError("CUDA out of memory")
            return right(batch, token_ids)

        patch.setattr(Batch, "_forward", scarce)

    results, _ = compared(tiny, monkeypatch, fault)
    failed = [result for result in results if result.status == "failed"]
    assert failed and len(failed) < len(results)
    for result in failed:
        assert "ran out of memory even by itself, with" in (result.error or "")
        assert f"{len(result.kept)} image tokens" in (result.error or "")
        assert "keep=" in (result.error or "")
    kept = [len(result.kept) for result in results if result.status == "done"]
    assert max(kept) < min(len(result.kept) for result in failed)


def test_another_fault_is_no_reason_to_try_again(tiny, monkeypatch):
    calls = []

    def fault(patch):
        def broken(batch: Batch, token_ids):
            calls.append(len(batch))
            raise RuntimeError("the device was unplugged")

        patch.setattr(Batch, "_forward", broken)

    results, _ = compared(tiny, monkeypatch, fault)
    assert calls == [len(LINES)]
    assert all("unplugged" in (result.error or "") for result in results)
