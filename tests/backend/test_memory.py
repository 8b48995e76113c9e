"""When memory runs out: the batch is halved, down to one row, and nobody else pays for it."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
import torch
from tests.support.adapters import save_adapter
from tests.support.reference import Recorder, assert_same, picture

from vlmscope import SharedBase, compare, run
from vlmscope.engine import decode, work
from vlmscope.engine.decode import Batch
from vlmscope.engine.row import Row
from vlmscope.variants.divprune import DivPrune

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
        right = decode._pad_left

        def scarce(tensors, longest):
            calls[0] += 1
            if len(tensors) > most and calls[0] % 5 == 0:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return right(tensors, longest)

        patch.setattr(decode, "_pad_left", scarce)

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


STAGES = {
    "vision": (SharedBase, "look"),
    "question": (SharedBase, "query_embeddings"),
    "head": (SharedBase, "head"),
    "adapter": (SharedBase, "adapted"),
    "selection": (DivPrune, "plan"),
    "prefill": (work, "prefill"),
    "stacking": (decode, "_stack"),
    "decode": (Batch, "_forward"),
    "leaving": (Batch, "drop"),
    "choosing": (Row, "take"),
}
"""Every stage of a comparison at which memory can run out, and what is then not done."""


@pytest.mark.parametrize("stage", STAGES)
def test_memory_that_runs_out_at_any_stage_leaves_sentences_and_a_base_that_works(
    tiny, tiny_head, tmp_path, monkeypatch, stage
):
    adapter = save_adapter(tmp_path / "adapter", tiny.model)
    lines = ["baseline", "divprune:keep=40%", f"arr-coc:{tiny_head}", f"lora:{adapter}"]
    image = picture(160, 96, seed=21)
    first = run(tiny, image, QUERY, lines, max_new_tokens=4).results[0].token_ids
    monkeypatch.setattr(SharedBase, "end_tokens", frozenset(first[1:2]))  # the first leaves early
    expected = [r.token_ids for r in run(tiny, image, QUERY, lines, max_new_tokens=4).results]
    owner, name = STAGES[stage]

    def out(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, out)
        fresh = picture(160, 96, seed=22) if stage == "vision" else image
        results = run(tiny, fresh, QUERY, lines, max_new_tokens=4).results
    failed = [result for result in results if result.status == "failed"]
    assert failed and all("out of memory" in (result.error or "") for result in failed)
    for result, tokens in zip(results, expected, strict=True):
        assert result.status == "failed" or result.token_ids == tokens
    again = run(tiny, image, QUERY, lines, max_new_tokens=4).results
    assert [result.token_ids for result in again] == expected


def live_bytes() -> int:
    """Bytes of all tensors that are still alive, each storage once."""
    gc.collect()
    storages = {}
    for thing in gc.get_objects():
        if type(thing) in (torch.Tensor, torch.nn.Parameter):
            storage = thing.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_after_two_hundred_comparisons_no_more_is_held_than_after_twenty(tiny, tiny_head, tmp_path):
    adapter = save_adapter(tmp_path / "adapter", tiny.model)
    lines = ["baseline", f"arr-coc:{tiny_head}", f"lora:{adapter}", "pool:keep=30%", "no-such-kind"]
    images = [picture(128, 96, seed=seed) for seed in range(8)]
    held = {}
    for number in range(1, 201):
        events = compare(tiny, images[number % 8], QUERY, lines, max_new_tokens=3, seed=number)
        for count, _ in enumerate(events):
            if number % 3 == 0 and count == 9:
                events.close()
        if number in (20, 200):
            held[number] = live_bytes(), resident_bytes()
    assert held[200][0] == held[20][0]
    assert held[200][1] <= 1.05 * held[20][1]
