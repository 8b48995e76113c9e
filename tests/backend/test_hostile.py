"""Hostile files are refused with a sentence, quickly, in little memory; good ones load exactly."""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tests.support.corpus import BOOM, HIDDEN, good_files, hostile_files, program, text
from tests.support.heads import make_state

from vlmscope import CheckpointError, check_checkpoint, discover, peek
from vlmscope.checkpoints.blob import LocalBlob
from vlmscope.checkpoints.head import load_head
from vlmscope.checkpoints.header import read_header
from vlmscope.checkpoints.pickled import MAX_STEPS
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.weights import open_weights

STATE = program(b"}" + text("last_epoch") + b"K\x01s")
"""A scheduler's state."""
ONLY_WHEN_LOADED = {"zip-big-endian.pt"}
"""What a peek need not look at."""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory):
    return list(good_files(tmp_path_factory.mktemp("good")))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return list(hostile_files(tmp_path_factory.mktemp("hostile")))


def test_a_head_of_every_layout_is_recognised_and_loads_its_very_numbers(good):
    for path, expected in good:
        record = peek(path)
        assert (record.kind, record.fits) == ("arr-coc", f"hidden size {HIDDEN}"), path.name
        assert check_checkpoint(str(path)).ok
        state = load_head(str(path), HIDDEN).head.state
        assert state.keys() == expected.keys()
        for key, tensor in expected.items():
            assert torch.equal(state[key], tensor.float()), (path.name, key)


def test_what_a_trainer_wrote_beside_the_tensors_is_read(good):
    told = {path.name: peek(path) for path, _ in good}
    own = told["trainer_step-500.pt"]
    assert (own.epoch, own.step, own.config) == (3, 500, {"keep": 0.5})
    assert own.metrics == {"eval_accuracy": 0.7, "eval_loss": 0.5, "train_loss": 0.4}
    assert own.said_by["epoch"] == "the file"
    other = told["sibling.pth"]
    assert (other.epoch, other.step) == (2, 40)
    assert other.metrics == {"train_loss": 0.5, "val_loss": 0.25, "val_accuracy": 0.5}
    assert told["bare_epoch3.pt"].epoch == 3 and told["bare_epoch3.pt"].said_by == {
        "epoch": "its name"
    }
    assert "base_model.*" in told["with_the_base.pt"].warnings[0]


def test_there_are_many_hostile_files(hostile):
    assert len(hostile) >= 60


def test_every_hostile_file_is_refused_with_a_sentence_in_two_seconds(hostile):
    for path in hostile:
        start = time.perf_counter()
        if path.name in ONLY_WHEN_LOADED:
            peek(path)
        else:
            with pytest.raises(CheckpointError) as caught:
                peek(path)
            said = str(caught.value)
            assert said.endswith(".") and "\n" not in said and path.name in said, said
            assert len(said) < 400
        assert time.perf_counter() - start < 2, path.name
        start = time.perf_counter()
        with pytest.raises(CheckpointError):
            load_head(str(path), HIDDEN)
        assert not check_checkpoint(str(path)).ok
        assert time.perf_counter() - start < 4, path.name
    assert not os.path.exists(BOOM)


def test_a_folder_of_them_is_listed_with_their_warnings(hostile):
    found = discover(hostile[0].parent)
    assert len(found) == len(hostile)
    assert all(each.warnings for each in found if Path(each.source).name not in ONLY_WHEN_LOADED)
    assert not os.path.exists(BOOM)


PEEK_ALL = """
import json, resource, sys
from pathlib import Path
from vlmscope.checkpoints.peek import peek
from vlmscope.values.errors import CheckpointError
def peak(who): return resource.getrusage(who).ru_maxrss * 1024
before, worst = peak(resource.RUSAGE_SELF), ""
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        peek(path)
    except CheckpointError:
        pass
print(json.dumps({
    "own": peak(resource.RUSAGE_SELF) - before,
    "worker": peak(resource.RUSAGE_CHILDREN),
    "torch": "torch" in sys.modules,
}))
"""


def test_peeking_at_them_takes_little_memory_and_no_torch(hostile):
    done = subprocess.run(
        [sys.executable, "-c", PEEK_ALL, str(hostile[0].parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["own"] < 200 * 2**20 and told["worker"] < 250 * 2**20, told
    assert not told["torch"]


def test_loading_them_takes_little_memory(hostile):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for path in hostile:
        with pytest.raises(CheckpointError):
            load_head(str(path), HIDDEN)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < 200 * 2**20


def contents(path: Path) -> dict[str, bytes]:
    with open_weights(path) as weights:
        return {
            key: weights.get(key).contiguous().view(torch.uint8).numpy().tobytes()
            for key in weights.header.tensors
        }


@pytest.mark.parametrize("start", range(6))
def test_a_file_that_was_cut_or_changed_is_refused_or_holds_what_its_bytes_say(
    good, tmp_path: Path, start: int
):
    """Bits flipped and ends cut by the hundred: never a number that the file does not hold."""
    generator = random.Random(start)
    chosen = [good[0], good[1], good[2], good[3]][start % 4]
    path, _ = chosen
    raw = path.read_bytes()
    whole = contents(path)
    refused = 0
    for number in range(60):
        changed = bytearray(raw)
        if number % 3 == 0:
            del changed[generator.randrange(len(changed)) :]
        else:
            # Near an end half of the time: there is what describes the rest.
            near = generator.choice([0, len(changed) - 4000]) + generator.randrange(4000)
            at = near if number % 2 else generator.randrange(len(changed))
            changed[max(0, min(at, len(changed) - 1))] ^= 1 << generator.randrange(8)
        other = tmp_path / path.name
        other.write_bytes(changed)
        try:
            found = contents(other)
        except CheckpointError as error:
            refused += 1
            assert str(error).endswith(".")
            continue
        for key, held in found.items():
            if path.suffix == ".safetensors":
                header = 8 + int.from_bytes(changed[:8], "little")
                assert held in bytes(changed[header:]), key
            else:  # what has its CRC-32 is what was written, under whatever name
                assert held in raw, key
        assert len(found) <= len(whole)
    assert refused >= 20


def test_a_number_that_was_changed_in_an_archive_is_found_by_its_checksum(good, tmp_path: Path):
    path = next(path for path, _ in good if path.name == "half.pt")
    raw = bytearray(path.read_bytes())
    at = len(raw) // 2
    raw[at] ^= 1
    (tmp_path / "a.pt").write_bytes(raw)
    assert peek(tmp_path / "a.pt").kind == "arr-coc"
    with pytest.raises(CheckpointError, match="CRC-32"):
        load_head(str(tmp_path / "a.pt"), HIDDEN)


def test_lists_that_refer_to_each_other_without_end_cost_nothing(tmp_path: Path):
    laughs: list[object] = []
    for _ in range(40):
        laughs = [laughs] * 10  # 10^40 values for whoever walks them
    endless: list[object] = []
    endless.append(endless)
    path = tmp_path / "a.pt"
    torch.save({"model_state_dict": make_state(HIDDEN), "config": laughs, "notes": endless}, path)
    start = time.perf_counter()
    assert peek(path).kind == "arr-coc" and load_head(str(path), HIDDEN)
    assert time.perf_counter() - start < 4


def test_a_public_place_takes_safetensors_alone(good):
    for path, _ in good:
        if path.suffix == ".safetensors":
            assert peek(path, pickles=False).kind == "arr-coc"
        else:
            with pytest.raises(CheckpointError, match="only safetensors are taken here"):
                peek(path, pickles=False)
    listed = discover(good[0][0].parent, pickles=False)
    assert {each.kind for each in listed if not each.source.endswith(".safetensors")} == {None}


def test_a_reader_that_was_killed_is_started_again(good):
    path, _ = good[1]
    with PickleReader() as reader:
        assert reader.outline(STATE, "a.pt")["is_training"]
        assert reader._process is not None
        reader._process.kill()
        with pytest.raises(CheckpointError, match="too long or too much memory"):
            reader.outline(STATE, "a.pt")
        assert reader.outline(STATE, "a.pt")["is_training"]
    assert MAX_STEPS > 20 * 100_000 and peek(path).kind == "arr-coc"


def test_a_header_is_read_in_one_piece(good):
    with LocalBlob(good[0][0]) as blob:
        read_header(blob)
        assert blob.moved <= 100_000
