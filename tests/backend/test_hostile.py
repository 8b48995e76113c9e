"""Hostile files are refused with a sentence, quickly, in little memory; good ones load exactly."""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.support.corpus import (
    BOOM,
    HIDDEN,
    archive,
    call,
    good_files,
    hostile_files,
    items,
    name,
    number,
    program,
    storage,
    tensor,
    text,
)
from tests.support.heads import make_state

from vlmscope import CheckpointError, check_checkpoint, discover, peek
from vlmscope.checkpoints.archive import Archive
from vlmscope.checkpoints.blob import LocalBlob
from vlmscope.checkpoints.head import load_head
from vlmscope.checkpoints.header import read_header
from vlmscope.checkpoints.pickled import MAX_STEPS
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.torch_file import MAX_PICKLE_BYTES
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
        for key, value in expected.items():
            assert torch.equal(state[key], value.float()), (path.name, key)


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
            assert said.endswith(".") and said.isprintable() and path.name in said, said
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
    for turn in range(60):
        changed = bytearray(raw)
        if turn % 3 == 0:
            del changed[generator.randrange(len(changed)) :]
        else:
            # Near an end half of the time: there is what describes the rest.
            near = generator.choice([0, len(changed) - 4000]) + generator.randrange(4000)
            at = near if turn % 2 else generator.randrange(len(changed))
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


# ---- what a file costs


def memory_of(code: str, *arguments: object) -> dict[str, float]:
    """What the code, in a process of its own, printed as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


MEASURED = """
import json, resource, sys
def peak(who=resource.RUSAGE_SELF): return resource.getrusage(who).ru_maxrss * 1024
"""
LISTED = """
from vlmscope import discover
from vlmscope.checkpoints.index import index_file
discover(sys.argv[2])
before = peak()
found = discover(sys.argv[1])
print(json.dumps({
    "own": peak() - before,
    "found": len(found),
    "index": index_file().stat().st_size,
}))
"""


def test_little_that_tells_much_takes_little_room_here_and_in_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "plain").mkdir()
    (tmp_path / "runs").mkdir()
    archive(tmp_path / "plain" / "a.pt", STATE)
    again = b"h\x00" * 4900
    for count in range(4):
        told = text("\x01" * 4096) + b"q\x000" + again
        body = b"}(" + text("last_epoch") + number(1) + text("config") + b"(" + told + b"lu"
        archive(tmp_path / "runs" / f"{count}.pt", program(body))
    told = memory_of(LISTED, tmp_path / "runs", tmp_path / "plain")
    assert told["found"] == 4 and told["own"] < 60 * 2**20 and told["index"] < 8 * 2**20, told


def test_an_answer_of_the_reader_is_bounded(tmp_path: Path):
    one = tensor(storage(), (1,) * 16, (2**47,) * 16)
    many = b"".join(text(f"{i:0400d}") + b"h\x00" for i in range(15_000))
    body = b"}(" + text("a") + one + b"q\x00" + many + b"u"
    assert len(body) > MAX_PICKLE_BYTES
    with PickleReader() as reader, pytest.raises(CheckpointError, match=r"tells [0-9,]+ bytes"):
        reader.outline(program(body), "a.pt")


def test_what_a_peek_moves_is_bounded(tmp_path: Path):
    header = json.dumps({"__metadata__": {"a": "a" * 7_900_000}}).encode()
    (tmp_path / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    archive(tmp_path / "a.pt", program(b"}" + text("last_epoch") + text("a" * 5_000_000) + b"s"))
    for file in ("a.safetensors", "a.pt"):
        with pytest.raises(CheckpointError, match="at most 4,000,000 are read"):
            peek(tmp_path / file)


def sparse_views(path: Path, size: int) -> None:
    """A head whose tensors are views of one storage of zeros that takes no room on the disk."""
    body = b"}("
    for key, value in make_state(HIDDEN).items():
        body += text(key) + tensor(storage(numel=size // 4), tuple(value.shape), value.stride())
    archive(path, program(body + b"u"), {"0": bytes(size)})
    whole = path.read_bytes()
    start = whole.index(bytes(4096))
    with open(path, "r+b") as file:
        file.truncate(start)
        end = whole.rindex(bytes(4096)) + 4096
        file.seek(end)
        file.write(whole[end:])


def test_a_head_that_is_little_of_a_large_storage_is_refused_before_it_is_read(tmp_path: Path):
    path = tmp_path / "a.pt"
    sparse_views(path, 300_000_000)
    assert path.stat().st_blocks * 512 < 2**20 and peek(path).kind == "arr-coc"
    start = time.perf_counter()
    with pytest.raises(CheckpointError, match="as views of 300,000,000; call clone"):
        load_head(str(path), HIDDEN)
    assert time.perf_counter() - start < 2


LOADED = """
import torch
from vlmscope.checkpoints.head import load_head
load_head(sys.argv[2], int(sys.argv[3]))
before = peak()
load_head(sys.argv[1], int(sys.argv[3]))
print(json.dumps({"own": peak() - before}))
"""


def test_many_views_of_one_storage_are_read_once_in_little_memory(
    good, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    sparse_views(tmp_path / "a.pt", 200_000_000)
    told = memory_of(LOADED, tmp_path / "a.pt", good[1][0], HIDDEN)
    assert told["own"] < 30 * 2**20, told
    flat = torch.arange(10_000_000, dtype=torch.float32)
    views = {f"{i}": flat[i * 5000 : i * 5000 + 10] for i in range(200)}
    views |= {"overlapping": flat[5:5005], "every other": flat[1:2001:2]}
    torch.save(views, tmp_path / "b.pt")
    read: list[str] = []
    right = Archive.pieces

    def noted(self, record):
        read.append(record)
        return right(self, record)

    monkeypatch.setattr(Archive, "pieces", noted)
    with open_weights(tmp_path / "b.pt") as weights:
        found = weights.read(views)
    assert read == ["data/0"]
    assert all(torch.equal(found[key], view) for key, view in views.items())
    assert found["0"].untyped_storage().nbytes() == 40


def test_numbers_far_apart_are_refused(tmp_path: Path):
    count = 20_000_001
    far = tensor(storage(numel=count), (2,), (count - 1,))
    archive(tmp_path / "a.pt", program(b"}" + text("a") + far + b"s"), {"0": bytes(4 * count)})
    with open_weights(tmp_path / "a.pt") as weights, pytest.raises(CheckpointError, match="clone"):
        weights.get("a")


BASE = torch.arange(60.0).view(3, 4, 5)
VIEWS = {
    "a number": torch.tensor(3.5),
    "nothing": torch.zeros(0, 4),
    "a part": BASE[1:, ::2, 1],
    "permuted": BASE.permute(2, 0, 1),
    "expanded": torch.ones(3, 1).expand(3, 4),
    "expanded by its first side": torch.ones(1, 4).expand(3, 4),
    "a diagonal": BASE[0].diagonal(),
    "unfolded": torch.arange(10.0).unfold(0, 4, 2),
    "overlapping": torch.arange(4.0).as_strided((3, 2), (1, 1)),
    "channels last": BASE.reshape(1, 3, 4, 5).contiguous(memory_format=torch.channels_last),
    "truths": torch.tensor([True, False]),
    "brain floats": BASE.bfloat16()[:, 1],
    "eight bits": BASE.to(torch.float8_e4m3fn),
    "unsigned": torch.tensor([1, 65535], dtype=torch.uint16),
    "complex": torch.tensor([1 + 2j, 3 - 4j]),
    "with a gradient": torch.ones(2, requires_grad=True),
}


@pytest.mark.parametrize("kind", VIEWS)
def test_a_tensor_of_every_layout_loads_its_very_numbers(tmp_path: Path, kind: str):
    torch.save({"a": VIEWS[kind]}, tmp_path / "a.pt")
    with open_weights(tmp_path / "a.pt") as weights:
        found = weights.get("a")
    expected = VIEWS[kind].detach()
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    raw = (each.contiguous().view(-1).view(torch.uint8) for each in (found, expected))
    assert torch.equal(*raw)


def test_a_parameter_with_attributes_is_its_tensor(tmp_path: Path):
    parameter = torch.nn.Parameter(torch.ones(3))
    parameter.tag = "mine"  # type: ignore[attr-defined]
    torch.save({"a": parameter}, tmp_path / "a.pt")
    with open_weights(tmp_path / "a.pt") as weights:
        assert torch.equal(weights.get("a"), torch.ones(3))


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (lambda: torch.ops.aten._neg_view(torch.tensor([1.0, 2.0])), "resolve_neg"),
        (lambda: torch.tensor([1 + 2j]).conj(), "resolve_conj"),
        (lambda: torch.tensor([1 + 2j]).conj().imag, "resolve_neg"),
        (lambda: torch.eye(3).to_sparse(), "a kind that is not read here"),
        (lambda: torch.ones(2, device="meta"), "a kind that is not read here"),
        (lambda: torch.ones(1).expand(2**25), "many times"),
    ],
)
def test_a_tensor_that_is_not_what_its_bytes_are_is_refused_in_its_own_words(
    tmp_path: Path, made: Callable[[], torch.Tensor], named: str
):
    torch.save({"a": made()}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match=named) as caught:
        peek(tmp_path / "a.pt")
    assert "could run code" not in str(caught.value)


def test_bytes_may_be_numbers_of_another_kind_within_their_record(tmp_path: Path):
    """A storage without a type, of 6 bytes, of which one float32 is asked and two bytes inside it."""
    stored = items(
        text("storage"), name("torch.storage", "UntypedStorage"), text("0"), text("cpu"), number(6)
    )
    body = b"}("
    for key, kind, first, count in (("a", "float32", 0, 1), ("b", "uint8", 1, 2)):
        sides = items(number(count)), items(number(1))
        last = name("torch", kind)
        body += text(key) + call(
            "torch._utils",
            "_rebuild_tensor_v3",
            *(stored + b"Q", number(first), *sides, b"\x89", b"}", last),
        )
    archive(tmp_path / "a.pt", program(body + b"u"), {"0": bytes(range(6))})
    with open_weights(tmp_path / "a.pt") as weights:
        found = weights.read(["a", "b"])
    assert found["a"].view(torch.uint8).tolist() == [0, 1, 2, 3] and found["b"].tolist() == [1, 2]
