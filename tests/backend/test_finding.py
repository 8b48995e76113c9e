"""Checkpoints found in folders: what their files, neighbours and names say; notes, order, the best."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tests.support.adapters import save_adapter
from tests.support.heads import make_state, save_head

from vlmscope import CheckpointError, InputError, annotate, discover, peek
from vlmscope.checkpoints import local_find
from vlmscope.checkpoints import notes as notes_module
from vlmscope.checkpoints.content import content_key
from vlmscope.checkpoints.index import Index
from vlmscope.checkpoints.local_find import FRESH
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.checkpoints.table import best, filtered, metric_names, ordered, over_steps, run_of


def write(path: Path, values: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))
    return path


# ---- who says what


def test_the_metadata_beside_a_file_is_read_by_its_name(tmp_path: Path):
    path = tmp_path / "late_2026-01-02_step-500_acc-0.81.safetensors"
    save_head(path, 192, {"epoch": "7"})
    write(
        tmp_path / "metadata.json",
        {
            path.name: {
                **{"experiment": "late", "step": 500, "metrics": {"acc": 0.81, "loss": 0.3}},
                **{"notes": "keeps text", "hypothesis": "saliency helps", "result": "yes"},
                **{"keep": True, "superseded_by": None},
            }
        },
    )
    record = peek(path)
    assert (record.epoch, record.step) == (7, 500)
    assert record.metrics == {"acc": 0.81, "loss": 0.3}
    assert (record.notes, record.hypothesis, record.result) == (
        "keeps text",
        "saliency helps",
        "yes",
    )
    assert record.keep is True and record.warnings == ()
    assert record.said_by["epoch"] == "the file's header"
    assert record.said_by["step"] == "metadata.json"


def test_who_says_otherwise_is_told(tmp_path: Path):
    path = save_head(
        tmp_path / "a_step-400_acc-0.5.safetensors", 192, {"step": "500", "epoch": "2"}
    )
    write(tmp_path / "metadata.json", {path.name: {"step": 450, "metrics": {"acc": 0.7}}})
    record = peek(path)
    assert record.step == 500 and record.metrics == {"acc": 0.7}
    assert record.warnings == (
        "The file's header says step 500, metadata.json says 450.",
        "The file's header says step 500, its name says 400.",
        "metadata.json says acc 0.7, its name says 0.5.",
    )


def test_a_trainers_folders_are_known_by_their_names_and_files(tmp_path: Path):
    for name in ("step-500", "epoch-3", "checkpoint-20", "final"):
        save_head(tmp_path / name / "model.safetensors", 192)
    torch.save({"state": {}, "param_groups": []}, tmp_path / "final" / "optimizer.pt")
    write(
        tmp_path / "final" / "trainer_state.json",
        {
            **{"epoch": 4.5, "global_step": 900, "best_metric": 0.9, "total_flos": 3},
            "log_history": [
                {"loss": 2.0, "learning_rate": 1e-4, "step": 10, "epoch": 0.5},
                {"loss": 1.5, "step": 20, "epoch": 1},
                {"eval_accuracy": 0.8, "eval_loss": 1.1, "step": 20, "epoch": 1},
            ],
        },
    )
    write(tmp_path / "final" / "config.json", {"keep": 0.5})
    write(tmp_path / "metadata.json", {"step-500": {"notes": "the first"}})
    found = {(each.name, each.kind): each for each in discover(tmp_path)}
    assert found["step-500", "arr-coc"].step == 500
    assert found["step-500", "arr-coc"].notes == "the first"
    assert found["epoch-3", "arr-coc"].epoch == 3
    assert found["checkpoint-20", "arr-coc"].step == 20
    assert ("optimizer", "optimizer") in found
    final = found["final", "arr-coc"]
    assert (final.epoch, final.step, final.config) == (4.5, 900, {"keep": 0.5})
    assert final.metrics == {
        "loss": 1.5,
        "eval_accuracy": 0.8,
        "eval_loss": 1.1,
        "best_metric": 0.9,
    }
    assert final.said_by["metrics"] == "trainer_state.json"


def test_an_adapter_says_which_base_it_was_trained_on(tmp_path: Path, tiny):
    folder = save_adapter(tmp_path / "mine", tiny.model)
    assert peek(folder).kind == "lora" and peek(folder).fits == str(tiny.name)
    settings = json.loads((folder / "adapter_config.json").read_text())
    write(folder / "adapter_config.json", settings | {"base_model_name_or_path": None})
    assert peek(folder).fits == "hidden size 192"
    assert peek(folder).config["r"] == 4


def test_whole_models_and_what_is_unknown_are_told_apart(tmp_path: Path, tiny_folder: Path):
    assert (peek(tiny_folder).kind, peek(tiny_folder).fits) == ("model", "hidden size 192")
    save_file({"a": torch.zeros(2)}, tmp_path / "a.safetensors")
    assert peek(tmp_path / "a.safetensors").kind is None


@pytest.mark.parametrize(
    "text",
    ["{", "[1]", '{"a.safetensors": 3}', "\xff", "[" * 5000, '{"a.safetensors": {"step": []}}'],
)
def test_a_neighbour_that_cannot_be_read_costs_nothing_else(tmp_path: Path, text: str):
    path = save_head(tmp_path / "a.safetensors", 192, {"epoch": "3"})
    (tmp_path / "metadata.json").write_text(text, encoding="latin-1")
    record = peek(path)
    assert record.kind == "arr-coc" and record.epoch == 3


def test_a_neighbour_that_is_too_large_is_a_warning(tmp_path: Path):
    path = save_head(tmp_path / "a.safetensors", 192)
    (tmp_path / "metadata.json").write_bytes(b" " * 1_000_001)
    assert "1,000,001 bytes" in peek(path).warnings[0]


# ---- new files, unfinished ones, and those that were seen before


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_a_file_that_is_still_being_written_is_marked(tmp_path: Path, suffix: str):
    whole, path = tmp_path / f"whole.{suffix}", tmp_path / f"late.{suffix}"
    save_head(whole, 192) if suffix == "safetensors" else torch.save(make_state(192), whole)
    raw = whole.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    found = {each.name: each for each in discover(tmp_path)}
    assert found["late"].writing and "still being written" in found["late"].warnings[0]
    assert not found["whole"].writing
    path.write_bytes(raw)
    assert not {each.name: each for each in discover(tmp_path)}["late"].writing
    path.write_bytes(raw[: len(raw) // 2])
    old = time.time() - FRESH - 5
    os.utime(path, (old, old))
    (broken,) = (each for each in discover(tmp_path) if each.name == "late")
    assert not broken.writing and "still" not in broken.warnings[0]


def test_what_did_not_change_is_not_read_again(tmp_path: Path, monkeypatch):
    runs = tmp_path / "runs"
    for step in range(5):
        save_head(runs / f"step-{step}" / "model.safetensors", 192)
        torch.save(make_state(192), runs / f"a_step-{step}.pt")
    read: list[str] = []
    right = local_find.read_here

    def noted(path, *rest):
        read.append(path.name)
        return right(path, *rest)

    monkeypatch.setattr(local_find, "read_here", noted)
    first = discover(runs)
    assert len(read) == 10
    assert discover(runs) == first and len(read) == 10
    save_head(runs / "step-3" / "model.safetensors", 192, {"epoch": "9"})
    (again,) = (each for each in discover(runs) if each.epoch == 9)
    assert again.name == "step-3" and len(read) == 11
    write(runs / "metadata.json", {"a_step-2.pt": {"notes": "mine"}})
    noted_now = {each.name: each.notes for each in discover(runs)}
    assert noted_now["a_step-2"] == "mine"


def test_an_index_that_cannot_be_kept_is_none(tmp_path: Path):
    save_head(tmp_path / "a.safetensors", 192)
    for place in (tmp_path / "a.safetensors" / "index", tmp_path / "broken"):
        (tmp_path / "broken").write_bytes(b"no database" * 100)
        assert len(discover(tmp_path / "a.safetensors", index=Index(place))) == 1


def test_an_index_gives_back_what_was_put_in(tmp_path: Path):
    record = peek(save_head(tmp_path / "a.safetensors", 192, {"metrics": {"a": 0.1}, "epoch": "2"}))
    with Index(tmp_path / "index") as index:
        index.put([("a", "1", record)])
        assert index.get({"a": "1", "b": "1"}) == {"a": record}
        assert index.get({"a": "2"}) == {}


# ---- names, times and neighbours that are none


def test_names_that_are_no_text_are_listed_beside_the_others_and_kept(tmp_path: Path, monkeypatch):
    path = save_head(tmp_path / "ok.safetensors", 192)
    raw = path.read_bytes()
    odd = os.fsdecode(b"b\xff.safetensors")
    (tmp_path / odd).write_bytes(raw)
    (tmp_path / os.fsdecode(b"c\xff")).mkdir()
    (tmp_path / os.fsdecode(b"c\xff") / "m.safetensors").write_bytes(raw)
    (tmp_path / "red\x1b[31m\n.safetensors").write_bytes(b"no")
    index = tmp_path / "index"
    first = discover(tmp_path, index=Index(index))
    assert sorted(each.name for each in first) == ["b\\xff", "m", "ok", "red\\x1b[31m\\x0a"]
    assert all(warning.isprintable() for each in first for warning in each.warnings)
    assert peek(tmp_path / odd).name == "b\\xff"
    monkeypatch.setattr(local_find, "read_here", None)  # what is read again fails
    monkeypatch.setattr(local_find, "readable_file", None)
    kept = [each for each in first if not each.writing]
    with Index(index) as known:
        stamps = {os.path.realpath(e.source): local_find._Stamps().of(Path(e.source)) for e in kept}
        assert len(known.get(stamps)) == len(kept) == 3
    annotate(tmp_path / odd, notes="mine")
    assert peek_notes(tmp_path, odd) == "mine"


def peek_notes(folder: Path, key: str) -> str:
    return json.loads((folder / "metadata.json").read_text())[key]["notes"]


def test_what_goes_away_while_it_is_listed_is_there_with_a_warning(tmp_path: Path, monkeypatch):
    for name in "abc":
        save_head(tmp_path / f"{name}.safetensors", 192)
    right = local_find.readable_file

    def taken(path: Path, said: str) -> Path:
        if path.name == "a.safetensors":
            path.unlink()
        return right(path, said)

    monkeypatch.setattr(local_find, "readable_file", taken)
    opened = local_find.LocalBlob

    def taken_later(path: Path):
        blob = opened(path)
        if path.name == "b.safetensors":
            path.unlink()
        return blob

    monkeypatch.setattr(local_find, "LocalBlob", taken_later)
    found = {each.name: each for each in discover(tmp_path)}
    assert "There is no checkpoint" in found["a"].warnings[0]
    assert found["b"].kind == found["c"].kind == "arr-coc"


def test_a_time_beyond_the_calendar_is_none(tmp_path: Path, monkeypatch):
    save_head(tmp_path / "a.safetensors", 192)
    assert local_find._date(1e12) is None and local_find._date(-1e12) is None
    assert local_find._date(0) == "1970-01-01T00:00:00.000+00:00"
    monkeypatch.setattr(local_find, "_date", lambda _: None)
    assert discover(tmp_path)[0].modified is None


def test_a_file_of_another_content_is_read_again_though_its_time_says_otherwise(tmp_path: Path):
    path = save_head(tmp_path / "a.safetensors", 192, {"epoch": "2"})
    os.utime(path, (1, 1))
    key = content_key(path)
    assert discover(path)[0].epoch == 2 and content_key(path) == key
    save_head(path, 192, {"epoch": "3"})
    os.utime(path, (1, 1))
    assert discover(path)[0].epoch == 3 and content_key(path) != key


def test_what_is_no_file_has_no_content(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    assert content_key(tmp_path / "pipe") == content_key(tmp_path / "none")


@pytest.mark.parametrize(
    "row", ["[]", "1", "[" * 100_000, '{"tensors": [1]}', '{"tensors": {"a": 1}}', "null"]
)
def test_a_row_of_the_index_that_holds_no_record_costs_only_itself(tmp_path: Path, row: str):
    record = peek(save_head(tmp_path / "a.safetensors", 192))
    with Index(tmp_path / "index") as index:
        index.put([("a", "1", record), ("b", "1", record)])
    with sqlite3.connect(tmp_path / "index") as database:
        database.execute("UPDATE peeks SET record = ? WHERE path = ?", (row, '"a"'))
    with Index(tmp_path / "index") as index:
        assert index.get({"a": "1", "b": "1"}) == {"b": record}


def test_a_neighbour_that_is_a_link_out_of_its_folder_is_not_shown(tmp_path: Path):
    write(tmp_path / "secret.json", {"token": "s3cret"})
    path = save_head(tmp_path / "runs" / "a.safetensors", 192)
    (tmp_path / "runs" / "config.json").symlink_to("../secret.json")
    record = peek(path)
    assert record.config is None
    assert record.warnings == ("config.json cannot be read (it is a link out of its folder).",)
    (tmp_path / "runs" / "config.json").unlink()
    write(tmp_path / "runs" / "real.json", {"keep": 1})
    (tmp_path / "runs" / "config.json").symlink_to("real.json")
    assert peek(path).config == {"keep": 1}


def test_a_config_of_quotes_that_never_ends_is_told_at_once(tmp_path: Path):
    path = save_head(tmp_path / "a.safetensors", 192)
    (tmp_path / "config.json").write_bytes(b'{"a":"' + b'\\"' * 400_000)
    start = time.perf_counter()
    assert "config.json cannot be read" in peek(path).warnings[0]
    assert time.perf_counter() - start < 1


def test_warnings_are_short_whatever_is_told(tmp_path: Path):
    path = save_head(tmp_path / "a.safetensors", 192)
    many = ",".join(f'"m{i}\\n":1e999' for i in range(30_000))
    (tmp_path / "trainer_state.json").write_text('{"log_history":[{' + many + "}]}")
    start = time.perf_counter()
    (warning,) = peek(path).warnings
    assert time.perf_counter() - start < 2
    assert warning.isprintable() and len(warning) < 200 and "29,995 more" in warning


# ---- notes


def test_notes_are_written_back_and_lose_nothing(tmp_path: Path):
    path = save_head(tmp_path / "a.safetensors", 192)
    before = {"a.safetensors": {"experiment": "late", "notes": "old"}, "b": {"x": [1, 2]}, "é": 1}
    write(tmp_path / "metadata.json", before)
    annotate(path, notes="new ☃", keep=True, hypothesis="why", result=None)
    now = json.loads((tmp_path / "metadata.json").read_text())
    own = {"experiment": "late", "notes": "new ☃", "keep": True, "hypothesis": "why"}
    assert now == before | {"a.safetensors": own}
    assert (peek(path).notes, peek(path).keep) == ("new ☃", True)
    annotate(path, notes=None)
    assert peek(path).notes is None


def test_notes_of_a_trainers_folder_go_where_there_are_some(tmp_path: Path):
    path = save_head(tmp_path / "step-5" / "model.safetensors", 192)
    write(tmp_path / "metadata.json", {"step-5": {"notes": "old"}})
    assert annotate(tmp_path / "step-5", notes="new") == tmp_path / "metadata.json"
    assert peek(path).notes == "new"
    other = save_head(tmp_path / "step-6" / "model.safetensors", 192)
    assert annotate(other, keep=False) == tmp_path / "step-6" / "metadata.json"
    assert peek(other).keep is False


def test_many_who_write_at_once_lose_nothing(tmp_path: Path):
    paths = [save_head(tmp_path / f"{i}.safetensors", 192) for i in range(8)]
    threads = [
        threading.Thread(target=lambda path=path: [annotate(path, notes=f"{n}") for n in range(20)])
        for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = json.loads((tmp_path / "metadata.json").read_text())
    assert {key: entry["notes"] for key, entry in written.items()} == {p.name: "19" for p in paths}
    assert [p.name for p in tmp_path.iterdir() if ".json." in p.name] == [".metadata.json.lock"]


@pytest.mark.parametrize("text", ["{", "[]", '{"a.safetensors": 3}'])
def test_notes_that_are_damaged_are_left_as_they_are(tmp_path: Path, text: str):
    path = save_head(tmp_path / "a.safetensors", 192)
    (tmp_path / "metadata.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"metadata\.json"):
        annotate(path, notes="new")
    assert (tmp_path / "metadata.json").read_text() == text


@pytest.mark.parametrize(
    ("note", "named"),
    [
        ({"note": "x"}, "note is no note"),
        ({"notes": 3}, "notes=3"),
        ({"notes": "x" * 20_001}, "20,001"),
        ({"notes": "\ud800"}, "half a character"),
        ({"keep": 3.5}, "keep=3.5"),
    ],
)
def test_a_note_that_cannot_be_kept_is_refused(tmp_path: Path, note: dict, named: str):
    path = save_head(tmp_path / "a.safetensors", 192)
    with pytest.raises(InputError, match=named):
        annotate(path, **note)
    assert not (tmp_path / "metadata.json").exists()


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch):
    path = save_head(tmp_path / "a.safetensors", 192)
    annotate(path, notes="old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        annotate(path, notes="new")
    assert peek(path).notes == "old"
    assert not [
        p
        for p in tmp_path.iterdir()
        if p.name.startswith(".metadata.json.") and p.name[-4:] != "lock"
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '{"b": {"lr": 0.12345678901234567890123, "n":1.0E+5,"z":-0, "huge": 1e999}}',
            '{"b": {"lr": 0.12345678901234567890123, "n":1.0E+5,"z":-0, "huge": 1e999}, '
            '"a.safetensors": {"notes": "x"}}',
        ),
        (
            '{\n\t"a.safetensors" : {"of": "\\ud800\\u00e9", "notes":"old"} ,\n\t"b": [ ]\n}',
            '{\n\t"a.safetensors" : {"of": "\\ud800\\u00e9", "notes":"x"} ,\n\t"b": [ ]\n}',
        ),
        (
            '{\r\n  "a.safetensors": {\r\n    "of": 1\r\n  }\r\n}\r\n',
            '{\r\n  "a.safetensors": {\r\n    "of": 1,\r\n    "notes": "x"\r\n  }\r\n}\r\n',
        ),
        ("{}", '{\n  "a.safetensors": {\n    "notes": "x"\n  }\n}'),
        ('{"a.safetensors":{}}', '{"a.safetensors":{"notes": "x"}}'),
    ],
)
def test_what_others_wrote_stays_byte_for_byte(tmp_path: Path, before: str, after: str):
    path = save_head(tmp_path / "a.safetensors", 192)
    (tmp_path / "metadata.json").write_bytes(before.encode())
    annotate(path, notes="x")
    assert (tmp_path / "metadata.json").read_bytes().decode() == after


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_notes_written_and_taken_away_leave_the_others(tmp_path: Path, indent: int | None):
    path = save_head(tmp_path / "a.safetensors", 192)
    values = {"x": {}, "a.safetensors": {"notes": "1", "of": [1, {"b": 2}], "keep": True}, "y": 1}
    (tmp_path / "metadata.json").write_text(json.dumps(values, indent=indent))
    for notes in ({"notes": None}, {"keep": None, "result": "é"}, {"notes": "n"}, {"result": None}):
        annotate(path, **notes)
        for name, value in notes.items():
            values["a.safetensors"].pop(name, None)
            values["a.safetensors"] |= {} if value is None else {name: value}
        assert json.loads((tmp_path / "metadata.json").read_text()) == values


def test_notes_that_are_a_link_are_followed_within_the_folder_alone(tmp_path: Path):
    path = save_head(tmp_path / "runs" / "a.safetensors", 192)
    folder, notes = path.parent, path.parent / "metadata.json"
    (folder / "real.json").write_text("{}")
    notes.symlink_to("real.json")
    annotate(path, notes="x")
    assert notes.is_symlink() and "x" in (folder / "real.json").read_text()
    notes.unlink()
    (tmp_path / "elsewhere.json").write_text("{}")
    for target in ("../elsewhere.json", "../nothing.json"):
        notes.symlink_to(target)
        with pytest.raises(CheckpointError, match="a link out of its folder"):
            annotate(path, notes="x")
        notes.unlink()
    assert (tmp_path / "elsewhere.json").read_text() == "{}"
    assert not (tmp_path / "nothing.json").exists()


def test_a_lock_that_is_a_link_makes_no_file_elsewhere(tmp_path: Path):
    path = save_head(tmp_path / "runs" / "a.safetensors", 192)
    (path.parent / ".metadata.json.lock").symlink_to(tmp_path / "made")
    with pytest.raises(CheckpointError, match="cannot be written"):
        annotate(path, notes="x")
    assert not (tmp_path / "made").exists() and not (path.parent / "metadata.json").exists()


def test_notes_that_are_a_pipe_are_not_waited_for(tmp_path: Path):
    path = save_head(tmp_path / "a.safetensors", 192)
    os.mkfifo(tmp_path / "metadata.json")
    assert "no regular file" in peek(path).warnings[0]
    with pytest.raises(CheckpointError, match="no regular file"):
        annotate(path, notes="x")


def test_notes_do_not_grow_beyond_what_is_read(tmp_path: Path):
    path = save_head(tmp_path / "a.safetensors", 192)
    write(tmp_path / "metadata.json", {"big": "x" * 995_000})
    before = (tmp_path / "metadata.json").read_bytes()
    with pytest.raises(CheckpointError, match="more than the 1,000,000 that are read"):
        annotate(path, notes="y" * 20_000)
    assert (tmp_path / "metadata.json").read_bytes() == before
    annotate(path, notes="short")
    assert peek(path).notes == "short"


def test_who_holds_the_notes_for_too_long_is_told(tmp_path: Path, monkeypatch):
    path = save_head(tmp_path / "a.safetensors", 192)
    monkeypatch.setattr(notes_module, "PATIENCE", 0.05)
    with open(tmp_path / ".metadata.json.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(CheckpointError, match="cannot be written"):
            annotate(path, notes="x")


# ---- in order


def record(name: str, **fields) -> Checkpoint:
    return Checkpoint(name, f"/runs/{name}", kind="arr-coc", **fields)


RECORDS = [
    record("a", step=10, metrics={"acc": 0.5, "eval_loss": 0.9}, modified="2026-01-03"),
    record(
        "b", step=30, metrics={"acc": 0.8, "eval_loss": 0.4}, modified="2026-01-02", notes="Text"
    ),
    record("c", step=20, metrics={"acc": 0.8}, modified="2026-01-01"),
    record("d", modified="2026-01-04"),
]


def names(records) -> str:
    return "".join(each.name for each in records)


def test_sorted_by_a_field_or_a_metric_those_that_lack_it_come_last():
    assert names(ordered(RECORDS)) == "dabc"
    assert names(ordered(RECORDS, "step")) == "bcad"
    assert names(ordered(RECORDS, "acc")) == "bcad"
    assert names(ordered(RECORDS, "eval_loss")) == "bacd"
    assert names(ordered(RECORDS, "name", ascending=False)) == "dcba"
    with pytest.raises(InputError, match="'nothing'"):
        ordered(RECORDS, "nothing")


def test_filtered_by_words_kind_and_base():
    assert names(filtered(RECORDS, "TEXT runs")) == "b"
    assert names(filtered(RECORDS, kinds=["lora"])) == ""
    assert names(filtered(RECORDS, kinds=["arr-coc"])) == "abcd"
    assert names(filtered(RECORDS, fits="Qwen3-VL-2B")) == ""


def test_the_best_took_the_least_steps_of_equal_ones():
    assert (best(RECORDS, "acc") or RECORDS[0]).name == "c"
    assert (best(RECORDS, "eval_loss") or RECORDS[0]).name == "b"
    assert best(RECORDS, "f1") is None and metric_names(RECORDS) == ["acc", "eval_loss"]


def test_a_metric_over_steps_or_epochs():
    points = [(at, value) for at, value, _ in over_steps(RECORDS, "acc")]
    assert points == [(10, 0.5), (20, 0.8), (30, 0.8)]
    by_epoch = [record("a", epoch=1.5, metrics={"acc": 0.5}), record("b", metrics={"acc": 1})]
    assert [(at, value) for at, value, _ in over_steps(by_epoch, "acc")] == [(1.5, 0.5)]


@pytest.mark.parametrize(
    ("name", "source", "run"),
    [
        ("late_step-0600", "/runs/a/late_step-0600.safetensors", "a/late"),
        ("late_step-0030", "/runs/a/late_step-0030.safetensors", "a/late"),
        ("late_step-0030", "/runs/b/late_step-0030.safetensors", "b/late"),
        ("step-100", "/runs/a/step-100/model.safetensors", "a"),
        ("epoch_3", "/runs/a/epoch_3.pt", "a"),
        ("few-tokens", "/runs/few-tokens", "runs/few-tokens"),
        ("final", "hf://someone/heads@main/run/final.safetensors", "run/final"),
        ("100", "100.pt", "100"),
    ],
)
def test_checkpoints_of_one_run_are_told_by_folder_and_name(name, source, run):
    assert run_of(Checkpoint(name, source)) == run
