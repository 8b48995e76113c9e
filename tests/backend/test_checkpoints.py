"""What a checkpoint says of itself, whether it would load, and what is refused."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest
import torch
from tests.support.heads import make_state, save_head

from vlmscope import CheckpointError, check_checkpoint, discover, peek
from vlmscope.checkpoints.blob import LocalBlob
from vlmscope.checkpoints.head import load_head
from vlmscope.checkpoints.header import read_header
from vlmscope.checkpoints.weights import open_weights

TOLD = {
    "epoch": "7",
    "step": "1200",
    "metrics": {"accuracy": 0.7, "by_type": {"counting": 0.5}, "name": "x"},
    "config": {"keep": 0.5},
    "notes": "late",
    "format": "pt",
}


def test_a_peek_reads_what_the_header_says(tmp_path: Path):
    path = save_head(tmp_path / "late.safetensors", 192, TOLD)
    record = peek(path)
    assert (record.name, record.kind, record.fits) == ("late", "arr-coc", "hidden size 192")
    assert (record.epoch, record.step, record.notes) == (7, 1200, "late")
    assert record.metrics == {"accuracy": 0.7, "by_type.counting": 0.5}
    assert record.config == {"keep": 0.5} and record.bytes == path.stat().st_size
    assert record.tensors is not None
    assert record.tensors["balancer.weight_predictor.0.weight"] == ((128, 201), "F32")
    assert set(record.said_by) == {"epoch", "step", "metrics", "config", "notes"}
    assert record.commit is None and record.warnings == ()


def test_a_peek_reads_no_tensor(tmp_path: Path):
    path = save_head(tmp_path / "late.safetensors", 192)
    header = int.from_bytes(path.read_bytes()[:8], "little")
    with open(path, "r+b") as file:
        file.seek(8 + header)
        file.write(os.urandom(64))
    assert peek(path).kind == "arr-coc"


@pytest.mark.parametrize(
    ("hidden", "base"),
    [(2048, "Qwen3-VL-2B"), (2560, "Qwen3-VL-4B"), (4096, "Qwen3-VL-8B"), (192, "hidden size 192")],
)
def test_shapes_say_which_base_a_head_fits(tmp_path: Path, hidden: int, base: str):
    path = save_head(tmp_path / "a.safetensors", hidden)
    assert peek(path).fits == base
    report = check_checkpoint(str(path))
    assert report.ok and report.fits == base and len(report.matched) == 10


@pytest.mark.parametrize("told", [{"epoch": "often"}, {"metrics": "{"}, {"step": "NaN"}])
def test_metadata_that_cannot_be_read_is_a_warning(tmp_path: Path, told: dict):
    record = peek(save_head(tmp_path / "a.safetensors", 192, told))
    assert record.kind == "arr-coc" and next(iter(told)) in record.warnings[0]
    assert record.epoch is None and record.metrics is None and record.step is None


@pytest.mark.parametrize("huge", ["1" + "0" * 400, "-1e999"])
def test_a_metric_beyond_any_float_is_left_out_with_a_warning(tmp_path: Path, huge: str):
    told = {"metrics": f'{{"a": {huge}, "group": {{"b": {huge}}}, "c": 0.5}}'}
    record = peek(save_head(tmp_path / "a.safetensors", 192, told))
    assert record.metrics == {"c": 0.5}
    assert record.warnings == ("The file's header gives no finite number for a, group.b.",)


def test_metrics_nested_too_deep_are_a_warning(tmp_path: Path):
    deep = '{"a":' * 500 + "1" + "}" * 500
    assert (
        "metrics" in peek(save_head(tmp_path / "a.safetensors", 192, {"metrics": deep})).warnings[0]
    )


@pytest.mark.parametrize(
    "name", ["arr_coc_components.safetensors", "arr_coc_weights.safetensors", "model.safetensors"]
)
def test_a_trainers_folder_is_named_for_the_folder(tmp_path: Path, name: str):
    save_head(tmp_path / "step-500" / name, 192)
    assert peek(tmp_path / "step-500").name == "step-500"


def test_discovery_lists_newest_first_and_what_cannot_be_read(tmp_path: Path):
    for age, name in ((30, "old"), (10, "new"), (20, "middle")):
        path = save_head(tmp_path / name / "model.safetensors", 192)
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    (tmp_path / "broken.safetensors").write_bytes(b"\xff" * 40)
    (tmp_path / "pickle.pt").write_bytes(b"\x80")
    (tmp_path / "readme.txt").write_text("no")
    found = discover(tmp_path)
    names = [each.name for each in found]
    assert names.index("new") < names.index("middle") < names.index("old")
    assert sorted(names) == ["broken", "middle", "new", "old", "pickle"]
    by_name = {each.name: each for each in found}
    assert "no safetensors file" in by_name["broken"].warnings[0]
    assert "pickle" in by_name["pickle"].warnings[0] and by_name["pickle"].kind is None


def test_a_file_found_twice_is_listed_once(tmp_path: Path):
    path = save_head(tmp_path / "a.safetensors", 192)
    assert len(discover(tmp_path, path)) == 1


@pytest.mark.parametrize("place", ["/nowhere/at/all", "hf://owner/name", "owner/name@main"])
def test_a_place_that_is_not_here_is_refused(place: str):
    with pytest.raises(CheckpointError, match=place):
        discover(place)


def test_the_prefix_of_bare_checkpoints_is_understood(tmp_path: Path):
    state = {
        key.replace("participatory_scorer.", "partic_scorer."): value
        for key, value in make_state(192).items()
    }
    path = save_head(tmp_path / "bare.safetensors", 192, state=state)
    head = load_head(str(path), 192).head
    key = "participatory_scorer.texture_proj.0.weight"
    assert torch.equal(head.state[key], make_state(192)[key])


def test_the_bases_own_weights_are_left_out_with_a_warning(tmp_path: Path):
    state = {**make_state(192), "base_model.lm_head.weight": torch.zeros(3, 3)}
    path = save_head(tmp_path / "whole.safetensors", 192, state=state)
    assert load_head(str(path), 192).warnings == (
        "1 base_model.* tensors of the base's own were left out.",
    )
    assert "base_model" in peek(path).warnings[0] and peek(path).kind == "arr-coc"


def test_half_precision_is_loaded_in_full(tmp_path: Path):
    state = {key: value.half() for key, value in make_state(192).items()}
    path = save_head(tmp_path / "half.safetensors", 192, state=state)
    assert all(t.dtype == torch.float32 for t in load_head(str(path), 192).head.state.values())


def rename(state, old, new):
    state[new] = state.pop(old)


BALANCER = "balancer.weight_predictor.4.weight"
BROKEN = {
    "another architecture": (
        lambda s: rename(s, BALANCER, "policy_net.0.weight"),
        ["missing " + BALANCER, "unexpected policy_net.0.weight", "9 of 10"],
    ),
    "other channel counts": (
        lambda s: s.update(
            {"participatory_scorer.texture_proj.0.weight": torch.zeros(64, 40, 1, 1)}
        ),
        ["is [64, 40, 1, 1], not [64, 13, 1, 1]"],
    ),
    "an optimizer inside": (
        lambda s: s.update({"optimizer.step": torch.zeros(1)}),
        ["unexpected optimizer.step"],
    ),
    "whole numbers": (
        lambda s: s.update({BALANCER: torch.zeros(3, 128, dtype=torch.int32)}),
        ["I32 numbers", BALANCER],
    ),
    "not a number": (
        lambda s: s.update({BALANCER: torch.full((3, 128), float("nan"))}),
        ["NaN"],
    ),
    "a tensor under two names": (
        lambda s: s.update({"partic_scorer.texture_proj.0.bias": torch.zeros(64)}),
        ["same tensor"],
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_head_that_is_not_exactly_one_is_refused_by_name(tmp_path: Path, how: str):
    spoil, named = BROKEN[how]
    state = make_state(192)
    spoil(state)
    path = save_head(tmp_path / "odd.safetensors", 192, state=state)
    with pytest.raises(CheckpointError) as caught:
        load_head(str(path), 192)
    assert all(part in str(caught.value) for part in ["odd.safetensors", *named])


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.float8_e4m3fn, torch.bool])
def test_what_loading_refuses_for_its_numbers_a_check_refuses_too(tmp_path: Path, dtype):
    state = {**make_state(192), BALANCER: torch.zeros(3, 128).to(dtype)}
    path = save_head(tmp_path / "odd.safetensors", 192, state=state)
    with pytest.raises(CheckpointError) as caught:
        load_head(str(path), 192)
    report = check_checkpoint(str(path), 192)
    assert not report.ok and report.reason == str(caught.value)
    assert BALANCER in str(caught.value)
    record = peek(path)
    assert record.kind == "arr-coc" and report.reason in record.warnings


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_head_in_any_usual_precision_is_approved_and_loaded(tmp_path: Path, dtype):
    state = {key: value.to(dtype) for key, value in make_state(192).items()}
    path = save_head(tmp_path / "a.safetensors", 192, state=state)
    assert check_checkpoint(str(path), 192).ok and peek(path).warnings == ()
    assert all(t.dtype == torch.float32 for t in load_head(str(path), 192).head.state.values())


def test_the_bases_own_whole_numbers_are_nobodys_concern(tmp_path: Path):
    state = {**make_state(192), "base_model.steps": torch.zeros(3, dtype=torch.int64)}
    path = save_head(tmp_path / "whole.safetensors", 192, state=state)
    assert check_checkpoint(str(path), 192).ok and load_head(str(path), 192).head is not None


@pytest.mark.parametrize("kind", ["safetensors", "pt"])
def test_a_loaded_head_is_its_own_whatever_becomes_of_the_file(tmp_path: Path, kind: str):
    path, state = tmp_path / f"a.{kind}", make_state(192)
    save_head(path, 192) if kind == "safetensors" else torch.save(state, path)
    head = load_head(str(path), 192).head
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.write(os.urandom(size))
    assert all(torch.equal(head.state[key], value) for key, value in state.items())
    os.truncate(path, 100)
    assert all(torch.equal(head.state[key], value) for key, value in state.items())


def test_a_file_that_is_written_to_while_it_is_read_is_refused(tmp_path: Path):
    path = save_head(tmp_path / "a.safetensors", 192)
    changed = pytest.raises(CheckpointError, match=r"a\.safetensors was changed while it was read")
    with changed, open_weights(path) as weights:
        weights.get("balancer.weight_predictor.0.bias")
        os.utime(path, (1, 1))


def test_a_check_refuses_what_loading_refuses(tmp_path: Path):
    path = save_head(tmp_path / "a.safetensors", 192)
    path.write_bytes(path.read_bytes() + bytes(8))
    torch.save(make_state(192), tmp_path / "little.pt")
    with (
        zipfile.ZipFile(tmp_path / "little.pt") as one,
        zipfile.ZipFile(tmp_path / "big.pt", "w") as other,
    ):
        for name in one.namelist():
            other.writestr(name, b"big" if name.endswith("byteorder") else one.read(name))
    for file in ("a.safetensors", "big.pt"):
        with pytest.raises(CheckpointError) as caught:
            load_head(str(tmp_path / file), 192)
        report = check_checkpoint(str(tmp_path / file), 192)
        assert not report.ok and report.reason == str(caught.value)


def test_keys_are_short_and_on_one_line_in_a_refusal(tmp_path: Path):
    state = {"a\n\x1b[31m" + "x" * 1_000_000: torch.zeros(1)}
    path = save_head(tmp_path / "a.safetensors", 192, state=state)
    report = check_checkpoint(str(path), 192)
    with pytest.raises(CheckpointError) as caught:
        load_head(str(path), 192)
    for said in (str(caught.value), report.reason or ""):
        assert said.isprintable() and len(said) < 1000 and said.endswith(".")


@pytest.mark.parametrize("within_a_folder", [False, True])
def test_a_pipe_is_not_waited_for(tmp_path: Path, within_a_folder: bool):
    pipe = tmp_path / "late.safetensors"
    os.mkfifo(pipe)
    for read in (peek, lambda path: load_head(str(path), 192)):
        with pytest.raises(CheckpointError, match="no single" if within_a_folder else "no regular"):
            read(tmp_path if within_a_folder else pipe)
    assert not check_checkpoint(str(pipe)).ok
    with pytest.raises(CheckpointError, match=r"late\.safetensors' is no regular file"):
        discover(pipe)
    assert "no regular file" in discover(tmp_path)[0].warnings[0]


def test_a_source_is_shown_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a.pt").write_bytes(b"\x80")
    for source in ("~/runs/a.pt", "~/runs", "~/runs/b.pt"):
        with pytest.raises(CheckpointError, match=r"a\.pt|'~/runs/b.pt'") as caught:
            peek(source)
        assert str(tmp_path) not in str(caught.value)
    (found,) = discover("~/runs")
    assert "a.pt is a bare pickle" in found.warnings[0] and found.writing


def test_a_head_for_another_base_names_both(tmp_path: Path):
    path = save_head(tmp_path / "big.safetensors", 2048)
    report = check_checkpoint(str(path), 192)
    assert not report.ok and report.kind == "arr-coc" and report.fits == "Qwen3-VL-2B"
    assert report.reason is not None
    assert "Qwen3-VL-2B" in report.reason and "192" in report.reason
    assert {each.key for each in report.mismatched} == {
        "participatory_scorer.texture_proj.2.weight",
        "participatory_scorer.texture_proj.2.bias",
        "balancer.weight_predictor.0.weight",
    }


def with_header(path: Path, header: bytes, data: bytes = b"") -> Path:
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    return path


def entry(shape, offsets, dtype="F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"\x02\0\0\0\0\0\0\0{}"[:9],
        (2**62).to_bytes(8, "little") + b"{}",
        (30_000_000).to_bytes(8, "little") + b"{}",
    ],
)
def test_a_length_that_lies_is_refused(tmp_path: Path, contents: bytes):
    (tmp_path / "a.safetensors").write_bytes(contents)
    with pytest.raises(CheckpointError, match="no safetensors file"):
        read_header(LocalBlob(tmp_path / "a.safetensors"))


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (b"[]", "not an object"),
        (b"{" * 5, "damaged"),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, "nested too deep"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":1,"a":2}', "twice"),
        (b"\xff\xfe", "damaged"),
        (json.dumps({"__metadata__": {"epoch": 7}}).encode(), "not text"),
        (json.dumps({"a": entry([2], [0, 800])}).encode(), "outside"),
        (json.dumps({"a": entry([2**40, 2**40], [0, 8])}).encode(), "claims"),
        (json.dumps({"a": entry([-1], [0, 8])}).encode(), "no shape"),
        (json.dumps({"a": entry([True], [0, 4])}).encode(), "no shape"),
        (json.dumps({"a": entry([2], [0, 8]), "b": entry([2], [4, 12])}).encode(), "overlap"),
        (json.dumps({"a": entry([2], [8, 0])}).encode(), "outside"),
        (json.dumps({"a": 3}).encode(), "no tensor"),
        (b'{"a":' + b"9" * 6000 + b"}", "damaged"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, header: bytes, named: str):
    path = with_header(tmp_path / "a.safetensors", header, b"\0" * 16)
    with pytest.raises(CheckpointError, match=named):
        read_header(LocalBlob(path))
