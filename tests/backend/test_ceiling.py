"""A ceiling of memory: what is kept, what runs at the same time, what is offloaded, what is refused."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tests.support.adapters import save_adapter
from tests.support.heads import save_head
from tests.support.reference import Recorder, assert_same, generated, picture

from vlmscope import BaseError, CheckpointError, SharedBase, run
from vlmscope.engine import memory, room, together, work
from vlmscope.engine.admission import cache_bytes_per_token
from vlmscope.engine.memory import Limits, Memory, limits_of
from vlmscope.engine.room import GIB, enforce, held_bytes, measured_ceiling
from vlmscope.values.lru import Lru

QUERY = "Describe the image."
LINES = ["baseline", "random:keep=50%", "uniform:keep=25%", "pool:keep=30%", "divprune:keep=40%"]
CPU, GPU = torch.device("cpu"), torch.device("cuda")


class Thing:
    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes


def lru(count: int, nbytes: int | None = None) -> Lru[str, Thing]:
    return Lru(count, nbytes, lambda thing: thing.nbytes)


def kept(things: Lru[str, Thing]) -> list[str]:
    return sorted(things._items)


def test_what_was_used_longest_ago_is_forgotten_by_count_and_by_bytes():
    by_count, by_bytes = lru(2), lru(9, 100)
    for name in "abac":
        by_count.get_or_make(name, lambda: Thing(1))
    for name, nbytes in (("a", 50), ("b", 40), ("c", 30), ("d", 500)):
        by_bytes.get_or_make(name, lambda nbytes=nbytes: Thing(nbytes))
        assert len(by_bytes) == {"a": 1, "b": 2, "c": 2, "d": 1}[name]
    assert kept(by_count) == ["a", "c"] and kept(by_bytes) == ["d"]


def test_what_somebody_uses_is_pinned_and_never_made_twice():
    things = lru(2)
    mine = things.get_or_make("mine", lambda: Thing(1))
    for name in "abcd":
        things.get_or_make(name, lambda: Thing(1))
    assert things.get_or_make("mine", lambda: Thing(2)) is mine and len(things) == 2
    things.clear()
    assert kept(things) == ["mine"]
    del mine
    things.clear()
    assert not kept(things)


@pytest.mark.parametrize(
    ("gib", "device", "heads"), [(14.5, GPU, 2), (16, GPU, 2), (80, GPU, 4), (8, CPU, 4)]
)
def test_a_small_gpu_keeps_two_heads(gib: float, device: torch.device, heads: int):
    limits = limits_of(device, gib)
    assert limits.heads == heads and limits.ceiling == int(gib * GIB)
    assert limits_of(device, gib, heads=7).heads == 7
    assert limits.image_bytes + limits.head_bytes + limits.adapter_bytes <= gib * GIB / 4


@pytest.mark.parametrize("given", [0, -1, float("nan"), float("inf"), True, "8", 10**400])
def test_a_ceiling_that_is_none_is_named(tiny_folder: Path, given):
    with pytest.raises(BaseError, match="memory_gib="):
        SharedBase.load(tiny_folder, device="cpu", memory_gib=given)


@pytest.mark.parametrize("given", [0, -1, 1.5, True, "2"])
def test_a_number_of_heads_that_is_none_is_named(tiny_folder: Path, given):
    with pytest.raises(BaseError, match="heads="):
        SharedBase.load(tiny_folder, device="cpu", heads=given)


def test_without_a_setting_the_ceiling_is_what_is_held_and_what_is_free(tiny: SharedBase):
    held, ceiling = held_bytes(CPU), measured_ceiling(CPU)
    assert held and ceiling and held < ceiling
    assert tiny.memory.limits.ceiling and (tiny.memory.left or 0) > 0


def test_a_control_groups_limit_counts_where_it_is_lower(monkeypatch):
    files = {
        "/proc/meminfo": "MemTotal: 9 kB\nMemAvailable:    4000000 kB\n",
        "/sys/fs/cgroup/memory.max": "1000000000\n",
        "/sys/fs/cgroup/memory.current": "700000000\n",
        "/sys/fs/cgroup/memory.stat": "anon 5\ninactive_file 100000000\n",
    }
    monkeypatch.setattr(Path, "read_text", lambda path, *_: files[str(path)])
    assert room.free_bytes() == 400_000_000
    files["/sys/fs/cgroup/memory.max"] = "max\n"
    assert room.free_bytes() == 4_000_000 * 1024


def test_no_more_heads_and_adapters_stay_loaded_than_were_asked_for(
    tiny: SharedBase, tiny_folder: Path, tmp_path: Path
):
    base = SharedBase.load(tiny_folder, device="cpu", heads=1)
    lines = [
        f"arr-coc:{save_head(tmp_path / f'{seed}.safetensors', base.hidden_size)}"
        for seed in range(3)
    ]
    lines += [f"lora:{save_adapter(tmp_path / f'adapter-{i}', base.model)}" for i in range(3)]
    small = Memory(CPU, replace(base.memory.limits, adapter_bytes=1))
    object.__setattr__(base, "memory", small)
    results = run(base, picture(96, 96), QUERY, lines, max_new_tokens=2).results
    assert [result.status for result in results] == ["done"] * 6
    assert len(small.heads) == 1
    base.memory.adapters.get_or_make("new", lambda: base.plain)
    assert len(small.adapters) == 1


class Room:
    """A device that has so many bytes left beside what rows hold in their caches."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, nbytes: float) -> None:
        self.nbytes = nbytes
        self.waited: list[int] = []
        self.batches: list[int] = []
        monkeypatch.setattr(Memory, "left", property(lambda memory: self._left()))
        right, batch_of = together._begun, together.batch_of

        def begun(work, row, sight, waiting):
            self.held = waiting
            return right(work, row, sight, waiting)

        def batch(rows):
            self.batches.append(len(rows))
            return batch_of(rows)

        self.held: list = []
        monkeypatch.setattr(together, "_begun", begun)
        monkeypatch.setattr(together, "batch_of", batch)

    def _left(self) -> int:
        held = sum(row.prefilled.kv_mib for row in self.held if row.prefilled) * 2**20
        return max(0, int(self.nbytes - held))


def answered(base: SharedBase, lines=LINES):
    return run(base, picture(160, 160, seed=12), QUERY, lines, max_new_tokens=6).results


def compared(base: SharedBase, monkeypatch: pytest.MonkeyPatch, lines=LINES):
    with monkeypatch.context() as patch:
        recorder = Recorder(patch)
        results = answered(base, lines)
        return results, [recorder.trace(result) for result in results]


@pytest.mark.parametrize("rows", [1.2, 2.5, 100])
def test_rows_for_which_there_is_no_room_wait_until_others_were_answered(
    tiny, monkeypatch, rows: float
):
    _, expected = compared(tiny, monkeypatch)
    tokens = tiny.prompt(QUERY, tiny.pixels(picture(160, 160))).ids.numel() + 6
    device = Room(monkeypatch, rows * tokens * cache_bytes_per_token(tiny.model))
    results, found = compared(tiny, monkeypatch)
    assert [result.status for result in results] == ["done"] * len(LINES)
    for ours, theirs in zip(found, expected, strict=True):
        assert_same(ours, theirs)
    assert device.batches == {1.2: [1, 1, 1, 1, 1], 2.5: [2, 3], 100: [5]}[rows]


def test_a_prompt_that_does_not_fit_by_itself_is_refused_with_what_would(tiny, monkeypatch):
    per_token = cache_bytes_per_token(tiny.model)
    prompt = tiny.prompt(QUERY, tiny.pixels(picture(160, 160)))
    text = prompt.ids.numel() - prompt.image_places.numel()
    Room(monkeypatch, (text + 11) * per_token)
    results = answered(tiny)
    assert [r.status for r in results] == ["failed", "failed", "done", "done", "done"]
    for result in results[:2]:
        assert "below the ceiling of" in (result.error or "")
        assert (result.error or "").endswith("keep=11 would fit.")
    assert answered(tiny, ["random:keep=11"])[0].status == "done"


def test_no_room_at_all_asks_for_another_ceiling(tiny, monkeypatch):
    Room(monkeypatch, 10)
    assert "raise the ceiling" in (answered(tiny, ["center:keep=1"])[0].error or "")


@pytest.mark.parametrize("stage", ["choose", "prefill"])
def test_memory_that_runs_out_beside_others_is_tried_again_when_they_were_answered(
    tiny, monkeypatch, stage
):
    _, expected = compared(tiny, monkeypatch)
    held: list = []
    right, begun = getattr(work.Work, stage), together._begun

    def noted(work, row, sight, waiting):
        held[:] = waiting
        return begun(work, row, sight, waiting)

    def scarce(this, row, sight):
        if sum(each.prefilled is not None for each in held) >= 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        right(this, row, sight)

    monkeypatch.setattr(together, "_begun", noted)
    monkeypatch.setattr(work.Work, stage, scarce)
    results, found = compared(tiny, monkeypatch)
    assert [result.status for result in results] == ["done"] * len(LINES)
    for ours, theirs in zip(found, expected, strict=True):
        assert_same(ours, theirs)


def test_what_is_kept_for_later_is_given_up_before_a_variant_is(tiny, monkeypatch):
    right = work.prefill
    for seed in (1, 2):
        run(tiny, picture(96, 96, seed=seed), QUERY, ["baseline"], max_new_tokens=1)

    def scarce(*args):
        if len(tiny.memory.features) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return right(*args)

    monkeypatch.setattr(work, "prefill", scarce)
    results, _ = compared(tiny, monkeypatch)
    assert [result.status for result in results] == ["done"] * len(LINES)


@pytest.fixture
def offloaded(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> SharedBase:
    """The base with memory for half of its weights."""
    size = (tiny_folder / "model.safetensors").stat().st_size
    limits = Limits(ceiling=(held_bytes(CPU) or 0) + size // 2)
    with monkeypatch.context() as patch:
        patch.setattr(memory, "held_bytes", lambda device: (limits.ceiling or 0) - size // 2)
        patch.setattr("vlmscope.engine.base.limits_of", lambda *args: limits)
        base = SharedBase.load(tiny_folder, device="cpu")
    object.__setattr__(base, "memory", Memory(CPU, Limits()))
    return base


def test_a_base_that_does_not_fit_is_offloaded_and_answers_the_same(offloaded, tiny, monkeypatch):
    assert offloaded.is_offloaded and not tiny.is_offloaded
    expected, theirs = compared(tiny, monkeypatch)
    results, ours = compared(offloaded, monkeypatch)
    for one, other in zip(ours, theirs, strict=True):
        assert_same(one, other)
    assert (
        results[0].maps["attention"].values.tobytes()
        == expected[0].maps["attention"].values.tobytes()
    )
    made = run(offloaded, picture(96, 96), QUERY, ["baseline"], max_new_tokens=4, word_maps=True)
    assert made.stamp["offloaded"].endswith("GiB of weights")
    plain = generated(tiny, picture(96, 96), QUERY, 4)
    assert made.results[0].token_ids == plain.token_ids
    assert (
        "offloaded" not in run(tiny, picture(96, 96), QUERY, ["baseline"], max_new_tokens=1).stamp
    )
    assert json.dumps(offloaded.describe()) == json.dumps(tiny.describe())


def test_heads_work_on_an_offloaded_base_and_adapters_are_refused(
    offloaded, tiny, tiny_head, tmp_path
):
    lines = [f"arr-coc:{tiny_head},keep=40%", f"lora:{save_adapter(tmp_path / 'a', tiny.model)}"]
    results = run(offloaded, picture(96, 96), QUERY, lines, max_new_tokens=3).results
    expected = run(tiny, picture(96, 96), QUERY, lines[:1], max_new_tokens=3).results
    assert results[0].token_ids == expected[0].token_ids
    assert results[1].status == "failed" and "offloaded" in (results[1].error or "")
    with pytest.raises(CheckpointError, match="offloaded"):
        offloaded.check_adapter(str(tmp_path / "a"))


def test_a_base_that_fits_is_not_offloaded_and_one_that_is_says_so(
    tiny_folder, monkeypatch, caplog
):
    with caplog.at_level(logging.WARNING):
        SharedBase.load(tiny_folder, device="cpu", memory_gib=1000)
        assert "offloaded" not in caplog.text
        SharedBase.load(tiny_folder, device="cpu", memory_gib=1e-6)
    assert "offloaded" in caplog.text


@pytest.mark.parametrize(("device", "number"), [("cuda", 1), ("cuda:0", 0)])
def test_a_gpu_is_told_its_share_by_its_number(monkeypatch, device, number):
    told = {}

    def share(fraction, device):
        told[device] = fraction

    sized = SimpleNamespace(total_memory=16 * GIB)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: sized)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", share)
    enforce(torch.device(device), 12 * GIB)
    assert told == {number: 0.75}
