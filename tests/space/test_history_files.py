"""The history goes into files and comes out of them, and no file does harm."""

import base64
import copy
import csv
import io
import json
import random
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from convert import Context, from_run
from gradio_comparisongrid import Comparison
from history import importing
from history.exporting import FORMATS, export, harmless
from history.importing import GridFile, read_file
from history.store import History
from history.values import HistoryError, NotThere
from vlmscope import Run

from .test_history import ME, OTHER, case_run, small_run

MOST, PIXELS = 2**26, 10**6


@pytest.fixture
def history():
    kept = History(None)
    yield kept
    kept.close()


@pytest.fixture
def filled(history, finished_run):
    """A comparison with maps and a failure, and a batch with a refused case."""
    run = history.keep_run(ME, finished_run, expected="red")
    history.annotate(ME, run, notes="odd", tags=["one", "two"], rating=3)
    history.vote(ME, run, "baseline")
    batch = history.begin_batch(ME, {"name": "Ours", "folder": "/secret/place"}, 5)
    history.keep_case(ME, batch, case_run("a", small_run()))
    history.keep_case(ME, batch, case_run("b", small_run(answer="A ring.")))
    history.keep_case(ME, batch, case_run("c", error="No image."))
    return [run, batch]


def told(history, person):
    """All that the entries of a person say, but their ids and how fine their time is."""
    entries = []
    for entry in history.entries(person):
        cases = history.batch(person, entry.id).cases if entry.kind == "batch" else entry.case
        plain = replace(entry, id=0, when=entry.when.replace(microsecond=0), state="done")
        entries.append((plain, cases))
    return entries


@pytest.mark.parametrize("format", ["JSON", "JSONL"])
def test_what_is_exported_comes_back_whole_images_and_maps_included(
    history, filled, finished_run, tmp_path, format
):
    file = export(history, ME, filled, format, tmp_path)
    ids = history.adopt(OTHER, read_file(file, MOST, PIXELS))
    assert told(history, OTHER) == told(history, ME)
    read = history.run(OTHER, ids[0])
    assert np.array_equal(np.asarray(read.image.pixels), np.asarray(finished_run.image.pixels))
    for one, other in zip(read.results, finished_run.results, strict=True):
        assert one.maps.keys() == other.maps.keys()
        assert all(
            np.array_equal(each.values, other.maps[key].values, equal_nan=True)
            for key, each in one.maps.items()
        )
    assert history.case_run(OTHER, ids[1], "b").results[0].answer == "A ring."


def test_a_batch_from_a_file_cannot_go_on_and_names_no_place_of_where_it_ran(
    history, filled, tmp_path
):
    file = export(history, ME, filled, "JSONL", tmp_path)
    assert "/secret/place" not in file.read_text()
    _, batch = history.adopt(OTHER, read_file(file, MOST, PIXELS))
    assert history.batch(OTHER, batch).state == "stopped"
    assert history.batch(OTHER, batch).plan == {}


def test_an_image_stands_in_a_file_once(history, tmp_path):
    ids = [history.keep_run(ME, small_run(f"{n}?")) for n in range(3)]
    lines = export(history, ME, ids, "JSONL", tmp_path).read_text().splitlines()
    assert sum('"image": {"digest"' in line for line in lines) == 1
    assert len(history.adopt(OTHER, read_file(next(tmp_path.iterdir()), MOST, PIXELS))) == 3


def test_a_run_that_the_command_line_saved_is_imported(history, finished_run, tmp_path):
    finished_run.save(tmp_path / "run.json")
    (id,) = history.adopt(ME, read_file(tmp_path / "run.json", MOST, PIXELS))
    entry = history.entry(ME, id)
    assert entry.title == finished_run.query
    assert [a.answer for a in entry.case.answers] == [r.answer for r in finished_run.results]
    assert entry.stamp == finished_run.stamp


def test_a_file_of_the_grid_is_told_as_what_it_is(tmp_path):
    Comparison(image=Image.new("RGB", (8, 8)), query="What?").save(tmp_path / "grid.json")
    with pytest.raises(GridFile, match=r"grid\.json is a file of the grid"):
        read_file(tmp_path / "grid.json", MOST, PIXELS)


def test_the_csv_has_a_row_for_each_answer(history, filled, finished_run, tmp_path):
    file = export(history, ME, filled, "CSV", tmp_path)
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert len(rows) == len(finished_run.results) + 2
    first = rows[0]
    assert first["query"] == finished_run.query
    assert first["answer"] == harmless(finished_run["baseline"].answer)
    assert int(first["image_tokens"]) == finished_run["baseline"].metrics["image_tokens"]
    assert (first["rating"], first["vote"], first["tags"], first["notes"]) == (
        *("3", "yes", "one, two", "odd"),
    )
    assert rows[-2]["correct"] == "yes"
    assert rows[-1]["correct"] == "no"
    assert float(rows[-1]["total_s"]) == 0.5


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_no_cell_of_the_csv_is_a_formula(history, tmp_path, text):
    id = history.keep_run(ME, small_run(text, text))
    history.annotate(ME, id, notes=text)
    file = export(history, ME, [id], "CSV", tmp_path)
    with file.open(newline="", encoding="utf-8-sig") as opened:
        cells = [cell for row in csv.reader(opened) for cell in row]
    assert not [
        cell for cell in cells if cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    ]
    assert f"'{text}" in cells


def test_the_page_of_one_comparison_is_the_grids_own_and_of_many_a_table(history, filled, tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "many").mkdir()
    evil = "<script>alert(1)</script>"
    history.annotate(ME, filled[0], notes=evil)
    many = export(history, ME, filled, "HTML", tmp_path / "many").read_text()
    assert evil not in many
    assert "&lt;script&gt;" in many
    assert many.count("<section>") == 2
    assert "http://" not in many.replace("http-equiv", "")
    one = export(history, ME, filled[:1], "HTML", tmp_path / "one").read_text()
    assert one == from_run(history.run(ME, filled[0]), Context("red")).to_html()


@pytest.mark.parametrize("format", FORMATS)
def test_nobody_exports_what_is_anothers_and_no_half_file_stays(history, filled, tmp_path, format):
    with pytest.raises(NotThere):
        export(history, OTHER, filled, format, tmp_path)
    theirs = history.keep_run(OTHER, small_run())
    with pytest.raises(NotThere):
        export(history, ME, [*filled, theirs], format, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_version_or_too_large_is_refused(history, filled, tmp_path):
    file = export(history, ME, filled, "JSONL", tmp_path)
    with pytest.raises(HistoryError, match="are the most that is read"):
        read_file(file, 1000, PIXELS)
    newer = file.read_text().replace('"schema_version": 1}', '"schema_version": 2}', 1)
    file.write_text(newer)
    with pytest.raises(HistoryError, match="is of version 2"):
        read_file(file, MOST, PIXELS)


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{}", "42", '"x"', "timestamp,answer\n1,2\n", "{" * 100_000),
        *("[" * 3_000_000, '{"format": "vlmscope.history"}', "\0\0\0"),
        '{"format": "vlmscope.history", "schema_version": 1}',
        '{"format": "vlmscope.history", "schema_version": 1, "records": []}',
        '{"format": "vlmscope.history", "schema_version": 1}\nnull\n',
        '{"format": "vlmscope.history", "schema_version": 1}\n{"case": {}}\n',
        '{"format": "vlmscope.history", "schema_version": 1}\n{"entry": {"kind": "comparison"}}\n',
        '{"format": "vlmscope.run", "schema_version": 1}',
        '{"format": "vlmscope.run", "schema_version": 1, "image": {"png": 5}}',
    ],
)
def test_what_is_no_export_gets_a_sentence(tmp_path, text):
    file = tmp_path / "file.json"
    file.write_text(text)
    with pytest.raises(HistoryError) as refused:
        read_file(file, MOST, PIXELS)
    assert "file.json" in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


def png(width: int, height: int) -> bytes:
    """A PNG of black pixels, which is tiny whatever its size."""
    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_image_too_large_is_refused_before_it_is_decoded(history, filled, tmp_path):
    lines = export(history, ME, filled[:1], "JSONL", tmp_path).read_text().splitlines()
    for number, line in enumerate(lines):
        record = json.loads(line)
        if "image" in record:
            record["image"]["png"] = base64.b64encode(png(12_000, 9_000)).decode()
            lines[number] = json.dumps(record)
    file = tmp_path / "bomb.jsonl"
    file.write_text("\n".join(lines))
    with pytest.raises(HistoryError, match="12000×9000 pixels"):
        read_file(file, MOST, PIXELS)


def test_a_damaged_file_is_refused_whole_wherever_it_is_damaged(history, filled, tmp_path):
    good = export(history, ME, filled, "JSONL", tmp_path).read_bytes()
    before = told(history, ME)
    chance = random.Random(0)
    file = tmp_path / "bad.jsonl"
    for _ in range(150):
        bad = bytearray(good)
        for _ in range(chance.choice((1, 1, 5, 50))):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        if chance.random() < 0.3:
            del bad[chance.randrange(len(bad)) :]
        file.write_bytes(bad)
        try:
            history.adopt(OTHER, read_file(file, MOST, PIXELS))
        except HistoryError as refused:
            assert len(str(refused)) < 2_100
            assert history.entries(OTHER) == []
        else:
            history.forget_person(OTHER)
    assert told(history, ME) == before


def spoiled(value, chance):
    """The value with one thing in it, at any depth, another than it should be."""
    wrong = chance.choice([None, -1, 2**70, "x", "\ud800", [], {}, True, 1e308, [[1]], {"a": 1}])
    if isinstance(value, dict) and value and chance.random() < 0.95:
        key = chance.choice(list(value))
        if chance.random() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: spoiled(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.95:
        place = chance.randrange(len(value))
        return [*value[:place], spoiled(value[place], chance), *value[place + 1 :]]
    return wrong


def test_wrong_values_in_well_formed_records_are_refused_or_can_be_shown(history, filled, tmp_path):
    lines = export(history, ME, filled, "JSONL", tmp_path).read_text().splitlines()
    records = [json.loads(line) for line in lines]
    chance = random.Random(1)
    file = tmp_path / "bad.jsonl"
    refused = 0
    for _ in range(300):
        bad = copy.copy(records)
        place = chance.randrange(1, len(bad))
        bad[place] = spoiled(bad[place], chance)
        file.write_text("\n".join(map(json.dumps, bad)))
        try:
            ids = history.adopt(OTHER, read_file(file, MOST, PIXELS))
        except HistoryError:
            refused += 1
            assert history.entries(OTHER) == []
            continue
        for id in ids:
            export(history, OTHER, [id], "CSV", tmp_path).unlink()
            if history.entry(OTHER, id).case:
                assert isinstance(history.run(OTHER, id), Run)
        history.forget_person(OTHER)
    assert refused > 50


def test_a_full_disk_in_the_middle_of_an_import_keeps_none_of_it(history, filled, tmp_path):
    file = export(history, ME, filled, "JSON", tmp_path)
    small = History(tmp_path / "small", person_bytes=5_000)
    with pytest.raises(HistoryError, match="Your history holds"):
        small.adopt(ME, read_file(file, MOST, PIXELS))
    assert small.entries(ME) == []
    small.close()


def test_a_line_that_unpacks_to_much_more_cannot_be_hidden_in_a_picture(history, filled, tmp_path):
    # A text chunk of a PNG is compressed: Pillow refuses one that grows beyond its limit.
    whole = png(8, 8)
    text = b"key\0\0" + zlib.compress(b"x" * 200_000_000)
    chunk = len(text).to_bytes(4, "big") + b"zTXt" + text
    chunk += zlib.crc32(b"zTXt" + text).to_bytes(4, "big")
    bomb = whole[:33] + chunk + whole[33:]
    records = [json.loads(x) for x in export(history, ME, filled[:1], "JSONL", tmp_path).open()]
    for record in records:
        if "image" in record:
            record["image"]["png"] = base64.b64encode(bomb).decode()
    file = tmp_path / "bomb.jsonl"
    file.write_text("\n".join(map(json.dumps, records)))
    with pytest.raises(HistoryError):
        read_file(file, MOST, PIXELS)


@pytest.mark.parametrize("head", ["", '{"format": "vlmscope.history", "schema_version": 1}\n'])
def test_what_would_take_many_times_its_bytes_in_memory_is_refused_unread(
    tmp_path, monkeypatch, head
):
    monkeypatch.setattr(importing, "MAX_NESTED", 1000)
    file = tmp_path / "wide.json"
    file.write_text(f"{head}[{', '.join(['{}'] * 1000)}]")
    with pytest.raises(HistoryError, match="holds too much at once"):
        read_file(file, MOST, PIXELS)
