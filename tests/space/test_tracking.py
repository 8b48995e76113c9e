"""What a tracker is told, and that nothing waits for it or breaks with it."""

import importlib.util
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import tracking_sinks
from environment import read
from settings import BadSetting, Settings
from tracking import Tracker, Tracking, tracker_of, what_is_tracked
from tracking_rows import accuracy_row, comparison_row, config
from tracking_writer import Writer
from vlmscope import Case, judge
from vlmscope.evidence.accuracy import accuracies
from vlmscope.evidence.cases import CaseRun

from .conftest import QUESTION

STAMP = {"base": "shipped", "hardware": "a machine", "mode": "together", "repeats": 1}


@dataclass
class Kept:
    """A tracker that keeps what it is told."""

    runs: dict[str, "KeptRun"] = field(default_factory=dict)

    def begin(self, name: str, config: dict[str, Any]) -> "KeptRun":
        run = self.runs[name.split()[0]] = KeptRun(config)
        return run


@dataclass
class KeptRun:
    config: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)
    is_finished: bool = False

    def log(self, row: dict[str, Any], /, step: int | None = None) -> None:
        assert step == len(self.rows)
        self.rows.append(row)

    def finish(self) -> None:
        self.is_finished = True


@dataclass(frozen=True)
class Plan:
    variants: tuple
    options: dict[str, Any]


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def case_run(finished_run) -> CaseRun:
    answer = finished_run.results[0].answer
    case = Case("1", "detail", Path("scene.png"), QUESTION, (answer,))
    verdicts = {
        each.id: judge(each.answer, [answer]) if each.status == "done" else None
        for each in finished_run.results
    }
    return CaseRun(case, finished_run, verdicts, None, 1.5)


def test_a_comparison_is_a_row_of_figures_of_each_variant(finished_run):
    expected = finished_run.results[0].answer
    row = comparison_row(finished_run, expected, has_texts=False)
    assert row["image_tokens_total"] == finished_run.image.tokens
    for result in finished_run.results:
        assert row[f"{result.id}/failed"] == (result.status == "failed")
    for result in finished_run.results[:3]:
        assert row[f"{result.id}/image_tokens"] == len(result.kept)
        assert row[f"{result.id}/together/prefill_s"] == result.metrics["prefill_s"]
    assert row["baseline/correct"] == 1


def test_questions_and_answers_are_told_only_when_wanted(finished_run):
    without = comparison_row(finished_run, "red", has_texts=False)
    texts = {QUESTION, *(each.answer for each in finished_run.results if each.answer)}
    assert not texts & {value for value in without.values() if isinstance(value, str)}
    assert "expected" not in without
    whole = comparison_row(finished_run, "red", has_texts=True)
    assert (whole["question"], whole["expected"]) == (QUESTION, "red")
    assert whole["baseline/answer"] == finished_run.results[0].answer


def test_variants_are_described_without_the_folders_they_lie_in(variants, head):
    told = config(STAMP | {"base": str(head)}, variants)
    assert str(head.parent) not in str(told)
    assert "keep 50 %" in told[f"variant/{variants[1].id}"]


def test_a_batch_ends_with_each_variants_share_and_interval():
    rows = [
        ("a", "detail", True),
        ("a", "detail", False),
        ("a", "vague", True),
        ("b", "vague", None),
    ]
    told = accuracy_row(accuracies(rows))
    assert told["a/accuracy"] == pytest.approx(2 / 3)
    assert told["a/accuracy_low"] < 2 / 3 < told["a/accuracy_high"]
    assert told["a/accuracy/detail"] == 0.5
    assert not any(name.startswith("b/") for name in told)


def test_comparisons_share_a_run_and_a_batch_has_its_own(kept, finished_run, case_run, variants):
    tracker = Tracking(kept.begin, "kept", config(STAMP))
    tracker.comparison(finished_run, None)
    batch = tracker.batch(Plan(tuple(variants), {"mode": "together"}))
    batch.case(case_run)
    batch.case(CaseRun(case_run.case, None, {}, "No image.", 0.1))
    batch.done(accuracies([("baseline", "detail", True)]))
    tracker.comparison(finished_run, "red")
    tracker.close()
    comparisons, of_the_batch = kept.runs["comparisons"], kept.runs["batch"]
    assert len(comparisons.rows) == 2
    assert [set(row) & {"case", "refused"} for row in of_the_batch.rows] == [
        {"case"},
        {"case", "refused"},
        set(),
    ]
    assert of_the_batch.rows[0]["seconds"] == 1.5
    assert of_the_batch.config["hardware"] == "a machine"
    assert comparisons.is_finished and of_the_batch.is_finished
    assert tracker.trouble == ""


def test_a_tracker_that_fails_is_told_of_and_nothing_else(finished_run):
    def refuse(name: str, config: dict[str, Any]) -> Any:
        raise ConnectionError("no route to the tracker")

    tracker = Tracking(refuse, "wandb", {})
    tracker.comparison(finished_run, None)
    tracker.close()
    assert tracker.trouble.startswith("wandb failed (no route to the tracker, at ")


def test_a_row_that_cannot_be_made_breaks_no_comparison(kept):
    tracker = Tracking(kept.begin, "kept", {})
    tracker.comparison(None, None)  # type: ignore[arg-type]
    tracker.close()
    assert "kept failed" in tracker.trouble


def test_nobody_waits_for_a_slow_tracker_and_what_is_too_much_is_counted(finished_run):
    held, begun = threading.Event(), threading.Event()

    def slow(name: str, config: dict[str, Any]) -> Any:
        begun.set()
        held.wait(60)
        return Kept().begin(name, config)

    tracker = Tracking(slow, "trackio", {}, writer=Writer("trackio", most_waiting=2))
    tracker.comparison(finished_run, None)
    begun.wait(60)
    for _ in range(5):
        tracker.comparison(finished_run, None)  # returns, though nothing is taken
    assert tracker.trouble == "3 rows were left out: trackio does not keep up with them."
    held.set()
    tracker.close()


def test_without_a_tracker_nothing_is_told_and_nothing_leaves(finished_run, variants, case_run):
    tracker = tracker_of(Settings(), STAMP)
    assert type(tracker) is Tracker
    tracker.comparison(finished_run, None)
    batch = tracker.batch(Plan(tuple(variants), {}))
    batch.case(case_run)
    batch.done()
    tracker.close()
    assert what_is_tracked(Settings(), {}) == ""


def test_where_figures_go_is_said():
    wandb = Settings(track="wandb")
    assert what_is_tracked(wandb, {}) == (
        "The figures of every comparison and batch go to Weights & Biases (TRACK=wandb)."
    )
    assert what_is_tracked(wandb, {"WANDB_MODE": "offline"}) == ""
    everything = Settings(track="trackio", track_questions=True)
    told = what_is_tracked(everything, {"TRACKIO_SPACE_ID": "someone/figures"})
    assert told.startswith("The questions, answers and figures")
    assert "the Space someone/figures" in told


def test_a_token_with_which_trackio_asks_the_hub_is_said(monkeypatch):
    settings = Settings(track="trackio")
    monkeypatch.setattr(tracking_sinks, "get_token", lambda: None)
    assert what_is_tracked(settings, {}) == ""
    monkeypatch.setattr(tracking_sinks, "get_token", lambda: "hf_x")
    assert "asks the Hub" in what_is_tracked(settings, {})


def test_settings_name_a_tracker_or_are_refused():
    told = read({"TRACK": "Trackio", "TRACK_PROJECT": "heads", "TRACK_QUESTIONS": "yes"})
    assert (told.track, told.track_project, told.track_questions) == ("trackio", "heads", True)
    with pytest.raises(BadSetting, match="TRACK=mlflow is no tracker; set trackio or wandb"):
        read({"TRACK": "mlflow"})
    with pytest.raises(BadSetting, match="TRACK_QUESTIONS=maybe is neither yes nor no"):
        read({"TRACK_QUESTIONS": "maybe"})


def test_a_tracker_that_is_not_installed_is_refused_at_start(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadSetting, match="TRACK=wandb needs the package wandb"):
        tracker_of(Settings(track="wandb"), STAMP)


BY_TRACKIO = """
import sys
from settings import Settings
from tracking import tracker_of
from vlmscope import Run
run = Run.load(sys.argv[1])
tracker = tracker_of(Settings(track="trackio", track_project="heads"), run.stamp)
tracker.comparison(run, None)
tracker.comparison(run, "red")
class Plan: variants, options = [each.variant for each in run.results], {}
tracker.batch(Plan).done()
batch = tracker.batch(Plan)
from vlmscope.evidence.accuracy import accuracies
batch.done(accuracies([("baseline", "vague", True)]))
tracker.close()
assert not tracker.trouble, tracker.trouble
from trackio.sqlite_storage import SQLiteStorage
for name in SQLiteStorage.get_runs("heads"):
    rows = SQLiteStorage.get_logs("heads", name)
    print("RUN", name.split()[0], len(rows), sorted(rows[0]) if rows else "")
    print("CONFIG", SQLiteStorage.get_run_config("heads", name)["hardware"])
"""


def test_trackio_keeps_the_rows_in_its_folder(finished_run, tmp_path):
    file = tmp_path / "run.json"
    finished_run.save(file)
    # A process of its own: Trackio reads its folder's name when it is imported.
    told = subprocess.run(
        [sys.executable, "-c", BY_TRACKIO, str(file)],
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TRACKIO_DIR": str(tmp_path / "trackio"),
            "HF_HOME": str(tmp_path / "hub"),  # no token lies there
            "HF_HUB_OFFLINE": "1",
        },
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert told.returncode == 0, told.stderr
    runs = [line for line in told.stdout.splitlines() if line.startswith("RUN")]
    assert {line.split()[1]: line.split()[2] for line in runs} == {"comparisons": "2", "batch": "1"}
    (comparisons,) = (line for line in runs if "comparisons" in line)
    assert "'baseline/image_tokens'" in comparisons
    assert f"CONFIG {finished_run.stamp['hardware']}" in told.stdout


BY_WANDB = """
import sys
from settings import Settings
from tracking import tracker_of
from vlmscope import Run
run = Run.load(sys.argv[1])
tracker = tracker_of(Settings(track="wandb"), run.stamp)
tracker.comparison(run, None)
tracker.close()
assert not tracker.trouble, tracker.trouble
"""


@pytest.mark.skipif(importlib.util.find_spec("wandb") is None, reason="wandb is not installed")
def test_wandb_keeps_the_rows_offline(finished_run, tmp_path):
    file = tmp_path / "run.json"
    finished_run.save(file)
    told = subprocess.run(
        [sys.executable, "-c", BY_WANDB, str(file)],
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(sys.path),
            "WANDB_MODE": "offline",
            "WANDB_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert told.returncode == 0, told.stderr
    assert list(tmp_path.glob("wandb/offline-run-*/*.wandb"))
