"""A saved run comes back whole; anything else is refused."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vlmscope import InputError, Run, TokenMap, run


@pytest.fixture(scope="module")
def finished(tiny, square, tiny_head) -> Run:
    lines = ["baseline", f"arr-coc:{tiny_head},keep=20%", "nosuch", "random:title=Mine"]
    return run(tiny, square, "Où est ★?", lines, max_new_tokens=3)


@pytest.fixture
def saved(finished: Run, tmp_path: Path) -> tuple[Run, Path]:
    finished.save(tmp_path / "run.json")
    return finished, tmp_path / "run.json"


def test_a_run_comes_back_whole(saved):
    before, path = saved
    after = Run.load(path)
    assert after.query == before.query and after.stamp == before.stamp
    assert after.base == before.base and after.options == before.options
    assert np.array_equal(np.asarray(after.image.pixels), np.asarray(before.image.pixels))
    assert (after.image.rows, after.image.cols) == (before.image.rows, before.image.cols)
    for old, new in zip(before.results, after.results, strict=True):
        assert (new.id, new.variant, new.status) == (old.id, old.variant, old.status)
        assert (new.answer, new.token_ids, new.grid) == (old.answer, old.token_ids, old.grid)
        assert (new.metrics, new.warnings, new.error) == (old.metrics, old.warnings, old.error)
        assert np.array_equal(new.kept, old.kept)
        assert list(new.maps) == list(old.maps)
        for key, each in old.maps.items():
            assert np.array_equal(new.maps[key].values, each.values, equal_nan=True)
            assert new.maps[key].method == each.method
            assert (new.maps[key].low, new.maps[key].high) == (each.low, each.high)


def test_the_file_is_strict_json_and_leaves_no_half(saved):
    _, path = saved
    json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(name))
    assert [p.name for p in path.parent.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda d: d.update(format="other"), "no saved run"),
        (lambda d: d.update(schema_version=99), "99"),
        (lambda d: d.pop("results"), "damaged"),
        (lambda d: d["results"][0].update(status="odd"), "damaged"),
        (lambda d: d["results"][0]["assign"].update(rows=9), "damaged"),
        (lambda d: d["results"][0]["assign"].update(rows=10**9, cols=10**9), "damaged"),
        (lambda d: d["results"][0]["maps"][0]["values"].update(data="$$"), "damaged"),
        (lambda d: d["image"].update(png="aGVsbG8="), "damaged"),
    ],
)
def test_a_damaged_run_is_refused(saved, spoil, named: str):
    _, path = saved
    document = json.loads(path.read_text())
    spoil(document)
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=named):
        Run.load(path)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("values", "low", "high", "expected"),
    [
        ([[1.0, NAN], [3.0, 2.0]], NAN, NAN, (1.0, 3.0)),
        ([[1.0, NAN], [INF, 2.0]], 0.0, INF, (0.0, 2.0)),
        ([[NAN, NAN], [NAN, NAN]], NAN, NAN, (0.0, 1.0)),
    ],
)
def test_the_bounds_of_a_map_are_finite(values, low, high, expected):
    made = TokenMap("m", "M", np.array(values, np.float32), "for a test", low=low, high=high)
    assert (made.low, made.high) == expected


def test_a_run_with_maps_of_no_value_comes_back(saved, tmp_path: Path):
    before, _ = saved
    nothing = TokenMap("m", "M", np.full((5, 5), NAN, np.float32), "for a test", high=NAN)
    result = replace(before.results[0], maps={"m": nothing})
    replace(before, results=(result,)).save(tmp_path / "nothing.json")
    after = Run.load(tmp_path / "nothing.json").results[0].maps["m"]
    assert np.isnan(after.values).all() and (after.low, after.high) == (0.0, 1.0)


def test_a_bound_that_was_saved_as_null_is_taken_from_the_values(saved):
    before, path = saved
    document = json.loads(path.read_text())
    document["results"][0]["maps"][0].update(low=None, high=None)
    path.write_text(json.dumps(document))
    values = before.results[0].maps["attention"].values
    loaded = Run.load(path).results[0].maps["attention"]
    assert (loaded.low, loaded.high) == (float(values.min()), float(values.max()))


def test_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "run.json")
    with pytest.raises(InputError, match="no regular file"):
        Run.load(tmp_path / "run.json")


@pytest.mark.parametrize("text", ["", "[1, 2]", "NaN", "{", '"x"', "[" * 100_000])
def test_what_is_no_run_is_refused(tmp_path: Path, text: str):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=r"a\.json"):
        Run.load(tmp_path / "a.json")


def test_a_place_that_cannot_be_written_is_named(saved):
    before, _ = saved
    with pytest.raises(InputError, match=r"/nowhere/run\.json"):
        before.save("/nowhere/run.json")
