"""A batch runs in its own time, pauses, stops, goes on, and comes out the same as without."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import engine
from batch.batches import FOUND, LEFT, Batches, Held
from batch.form import Problems
from batch.job import FAILED
from batch.plan import Plan
from batch.rows import row_of_kept
from history.store import History
from history.values import NotThere
from history.writing import Brought, Marks, NewEntry
from menu import menu
from offer import Offer
from places import Places
from tracking import TrackedBatch, Tracker
from vlmscope import InputError, Variant, peek
from vlmscope.evidence.accuracy import Accuracies
from vlmscope.evidence.cases import CaseRun, product

ME, OTHER = "browser:me", "browser:other"
SECONDS = 120


@pytest.fixture
def history(tmp_path):
    kept = History(tmp_path / "history")
    yield kept
    kept.close()


@pytest.fixture
def batches(base, history) -> Batches:
    return Batches(base, Places(1), history)


@pytest.fixture
def offer(head) -> Offer:
    return Offer(menu([peek(head)]), is_private=True)


@pytest.fixture
def prepare(head):
    """Three images, two questions, two variants; answers as long as asked for."""

    def make(new_tokens: int = 3):
        def prepare(folder: Path) -> Plan:
            images = [folder / f"{n}.png" for n in range(3)]
            for n, image in enumerate(images):
                Image.effect_mandelbrot((96, 64), (-2, -1.5, 1, 1.5), 10 + n).save(image)
            cases = product(images, ["What?", "How many stars are there?"])
            judged = tuple(replace(case, expected=("a star",)) for case in cases)
            variants = (Variant.parse("baseline"), Variant.parse(f"arr-coc:{head},keep=50%"))
            return Plan("mine", judged, variants, {"max_new_tokens": new_tokens})

        return prepare

    return make


def begun(batches: Batches, person: str, offer: Offer, prepare) -> Held:
    held = batches.begin(person, offer, prepare)
    assert isinstance(held, Held)
    return held


def outcomes(held: Held) -> dict:
    """Everything but how long it took."""
    return {id: (row.outcomes, row.error) for id, row in held.job.rows.items()}


def tokens(history: History, person: str, held: Held) -> dict:
    return {
        case.id: [r.token_ids for r in history.case_run(person, held.id, case.id).results]
        for case in held.plan.cases
    }


@pytest.fixture
def whole(batches, history, offer, prepare) -> tuple[dict, dict]:
    """What a batch gives that nothing interrupts."""
    held = begun(batches, OTHER, offer, prepare())
    held.job.wait(SECONDS)
    assert held.job.progress().state == "done"
    return outcomes(held), tokens(history, OTHER, held)


def at_case(monkeypatch, number: int, act) -> None:
    """Do something while the case of this number runs, counted from now."""
    run, count = engine.run, iter(range(1, 1000))

    def watched(*args, **options):
        if next(count) == number:
            act()
        return run(*args, **options)

    monkeypatch.setattr(engine, "run", watched)


def test_a_batch_gives_every_variants_answer_to_every_case_and_the_history_has_them(
    whole, batches, history, offer
):
    rows, _ = whole
    held = batches.find(OTHER, offer)
    assert held
    assert list(rows) == [case.id for case in held.plan.cases]
    kept = history.batch(OTHER, held.id)
    assert kept.state == "done"
    assert {case.id: row_of_kept(case, False).outcomes for case in kept.cases} == {
        id: found for id, (found, _) in rows.items()
    }
    for found, error in rows.values():
        assert error is None
        assert list(found) == [variant.id for variant in held.plan.variants]
        assert [each.tokens for each in found.values()] == [6, 3]
        assert all(each.how and each.seconds is None for each in found.values())


def test_paused_after_its_case_and_resumed_it_is_the_same_as_without(
    whole, batches, history, offer, prepare, monkeypatch
):
    at_case(monkeypatch, 2, lambda: batches.left(ME))
    held = begun(batches, ME, offer, prepare())
    held.job.wait(SECONDS)
    progress = held.job.progress()
    assert (progress.state, progress.done, progress.note) == ("paused", 2, LEFT)
    assert history.batch(ME, held.id).state == "paused"
    batches.came(ME)
    held.job.wait(SECONDS)
    assert held.job.progress().state == "done"
    assert (outcomes(held), tokens(history, ME, held)) == whole


def test_stopped_within_a_case_that_case_is_asked_again(
    whole, batches, history, offer, prepare, monkeypatch
):
    def stop() -> None:
        held = batches.find(ME, offer)
        assert held
        held.job.stop()

    at_case(monkeypatch, 3, stop)
    held = begun(batches, ME, offer, prepare())
    held.job.wait(SECONDS)
    progress = held.job.progress()
    assert (progress.state, progress.done) == ("stopped", 2)
    batches.came(ME)
    assert held.job.progress().state == "stopped"
    held.job.go_on()
    held.job.wait(SECONDS)
    assert (outcomes(held), tokens(history, ME, held)) == whole


def test_who_comes_back_before_the_pause_loses_no_time(batches, offer, prepare, monkeypatch):
    def leave_and_come() -> None:
        batches.left(ME)
        batches.came(ME)

    at_case(monkeypatch, 2, leave_and_come)
    held = begun(batches, ME, offer, prepare())
    held.job.wait(SECONDS)
    assert held.job.progress().state == "done"


def test_after_a_restart_it_is_found_and_goes_on_where_it_was(
    whole, base, batches, history, offer, prepare, monkeypatch, tmp_path
):
    at_case(monkeypatch, 4, lambda: batches.left(ME))
    before = begun(batches, ME, offer, prepare())
    before.job.wait(SECONDS)
    # As a process that was killed leaves it.
    history.set_batch(ME, before.id, "running")
    history.close()
    again = History(tmp_path / "history")
    found = Batches(base, Places(1), again).find(ME, offer)
    assert found
    progress = found.job.progress()
    assert (found.id, progress.state, progress.done, progress.note) == (
        before.id,
        "stopped",
        4,
        FOUND,
    )
    assert progress.left is not None
    found.job.go_on()
    found.job.wait(SECONDS)
    assert (outcomes(found), tokens(again, ME, found)) == whole
    again.close()


def test_two_persons_run_at_once_and_neither_sees_the_others(batches, offer, prepare, history):
    mine, theirs = (begun(batches, person, offer, prepare()) for person in (ME, OTHER))
    for held in (mine, theirs):
        held.job.wait(SECONDS)
        assert held.job.progress().state == "done"
    found = batches.find(ME, offer)
    assert found is mine
    with pytest.raises(Exception, match="not in your history"):
        batches.run_of(ME, theirs, "1-1")
    assert batches.find("browser:third", offer) is None
    assert batches.find("", offer) is None


def test_a_person_runs_one_batch_at_a_time(batches, offer, prepare, monkeypatch):
    go = threading.Event()
    at_case(monkeypatch, 1, lambda: go.wait(SECONDS))
    held = begun(batches, ME, offer, prepare())
    with pytest.raises(InputError, match="stop it first"):
        batches.begin(ME, offer, prepare())
    go.set()
    held.job.wait(SECONDS)
    assert begun(batches, ME, offer, prepare()).id != held.id


def test_a_case_that_is_refused_ends_no_other(batches, offer, prepare):
    def broken(folder: Path) -> Plan:
        plan = prepare()(folder)
        plan.cases[2].image.write_text("no image")
        return plan

    held = begun(batches, ME, offer, broken)
    held.job.wait(SECONDS)
    errors = {id: row.error for id, row in held.job.rows.items() if row.error}
    assert list(errors) == ["2-1", "2-2"]
    assert held.job.progress().state == "done"


def test_what_cannot_be_kept_stops_the_batch_and_loses_nothing(
    batches, history, offer, prepare, monkeypatch
):
    keep, count = history.keep_case, iter(range(1000))

    def fails_once(*args):
        if next(count) == 1:
            raise InputError("The disk is full.")
        keep(*args)

    monkeypatch.setattr(history, "keep_case", fails_once)
    held = begun(batches, ME, offer, prepare())
    held.job.wait(SECONDS)
    progress = held.job.progress()
    assert (progress.state, progress.done) == ("stopped", 1)
    assert progress.note == "The disk is full. What is finished is kept."
    held.job.go_on()
    held.job.wait(SECONDS)
    assert held.job.progress().state == "done"
    assert len(history.batch(ME, held.id).cases) == 6


def test_a_disk_that_refuses_is_told_without_where_the_files_lie(
    batches, history, offer, prepare, monkeypatch
):
    def refused(*_):
        raise PermissionError(13, "Permission denied", str(history.folder / "small.webp"))

    monkeypatch.setattr("batch.batches.save_small", refused)
    held = begun(batches, ME, offer, prepare())
    held.job.wait(SECONDS)
    note = held.job.progress().note
    assert "Permission denied" in note and str(history.folder) not in note


def test_what_nobody_foresaw_is_a_sentence_and_in_the_log(
    batches, offer, prepare, monkeypatch, caplog
):
    def fails() -> None:
        raise RuntimeError("unforeseen")

    at_case(monkeypatch, 2, fails)
    held = begun(batches, ME, offer, prepare())
    held.job.wait(SECONDS)
    progress = held.job.progress()
    assert (progress.state, progress.done, progress.note) == ("stopped", 1, FAILED)
    assert "unforeseen" in caplog.text


def test_who_leaves_while_a_batch_is_made_ready_finds_it_paused(batches, offer, prepare):
    def leave(folder: Path) -> Plan:
        batches.left(ME)
        return prepare()(folder)

    held = begun(batches, ME, offer, leave)
    held.job.wait(SECONDS)
    progress = held.job.progress()
    assert (progress.state, progress.note, progress.done <= 1) == ("paused", LEFT, True)
    batches.came(ME)
    held.job.wait(SECONDS)
    assert held.job.progress().state == "done"


def test_what_the_form_refuses_leaves_nothing_behind(batches, history, offer):
    wrong = Problems(images="none")
    assert batches.begin(ME, offer, lambda folder: wrong) is wrong
    assert history.entries(ME) == []
    assert not [path for path in history.folder.rglob("*") if path.name == "new"]


def test_images_are_kept_as_long_as_they_are_needed(batches, history, offer, prepare, monkeypatch):
    at_case(monkeypatch, 2, lambda: batches.left(ME))
    held = begun(batches, ME, offer, prepare())
    held.job.wait(SECONDS)
    assert all(case.image.is_file() for case in held.plan.cases)
    held.job.go_on()
    held.job.wait(SECONDS)
    assert not any(case.image.is_file() for case in held.plan.cases)
    assert all(held.small(case.image).is_file() for case in held.plan.cases)


def test_what_is_deleted_from_the_history_is_gone_at_once_from_disk_and_page(
    batches, history, offer, prepare, monkeypatch
):
    at_case(monkeypatch, 2, lambda: batches.left(ME))
    theirs = begun(batches, OTHER, offer, prepare())
    theirs.job.wait(SECONDS)
    mine = begun(batches, ME, offer, prepare())
    mine.job.wait(SECONDS)
    with pytest.raises(NotThere):
        history.forget(ME, [theirs.id])
    assert theirs.folder.exists() and batches.find(OTHER, offer) is theirs
    history.forget(ME, [mine.id])
    assert not mine.folder.exists()
    assert batches.find(ME, offer) is None
    assert theirs.folder.exists()


def test_only_the_latest_batch_keeps_its_images_and_can_go_on(
    base, batches, history, offer, prepare, monkeypatch
):
    at_case(monkeypatch, 2, lambda: batches.left(ME))
    old = begun(batches, ME, offer, prepare())
    old.job.wait(SECONDS)
    assert old.job.progress().state == "paused"
    new = begun(batches, ME, offer, prepare())
    new.job.wait(SECONDS)
    assert not any(case.image.is_file() for case in old.plan.cases)
    assert len(history.batch(ME, old.id).cases) == 2
    history.forget(ME, [new.id])
    assert Batches(base, Places(1), history).find(ME, offer) is None


def test_who_is_gone_leaves_nothing_where_nothing_lasts(base, offer, prepare):
    passing = History(None)
    batches = Batches(base, Places(1), passing)
    held = begun(batches, ME, offer, prepare())
    held.job.wait(SECONDS)
    batches.left(ME)
    batches.gone(ME)
    assert not held.folder.exists()
    passing.close()


def test_what_is_kept_names_no_place_of_the_servers_disk(batches, history, offer, prepare, head):
    held = begun(batches, ME, offer, prepare())
    held.job.wait(SECONDS)
    kept = history.batch(ME, held.id)
    assert str(head.parent) not in repr((kept.plan, kept.cases))
    assert str(head.parent) not in repr(history.case_run(ME, held.id, "1-1").results[1].variant)


def test_what_strangers_get_of_a_case_names_neither_the_base_nor_a_head_that_vanished(
    batches, history, offer, prepare, head, tiny_base
):
    def vanished(folder: Path) -> Plan:
        plan = prepare()(folder)
        return replace(
            plan, variants=(Variant.parse(f"arr-coc:{head.parent / 'gone.safetensors'}"),)
        )

    held = begun(batches, ME, replace(offer, is_private=False), vanished)
    held.job.wait(SECONDS)
    run = history.case_run(ME, held.id, "1-1")
    told = repr((run.base, run.stamp, [result.error for result in run.results]))
    assert "gone.safetensors" in told
    assert str(head.parent) not in told and str(tiny_base.parent) not in told
    assert str(head.parent) not in repr([row.outcomes for row in held.job.rows.values()])


def test_a_batch_that_came_in_a_file_is_passed_over(batches, offer, prepare, history):
    mine = begun(batches, ME, offer, prepare())
    mine.job.wait(SECONDS)
    brought = Brought(NewEntry(ME, "batch", "Theirs", 0, "stopped"), Marks(), ())
    history.adopt(ME, [brought])
    history.adopt(OTHER, [brought])
    assert batches.find(OTHER, offer) is None
    found = Batches(batches._base, Places(1), history).find(ME, offer)
    assert found
    assert found.id == mine.id


class Told(TrackedBatch):
    """What a tracker is told of one batch."""

    def __init__(self) -> None:
        self.cases: list[str] = []
        self.found: list[Accuracies | None] = []

    def case(self, done: CaseRun) -> None:
        self.cases.append(done.case.id)

    def done(self, found: Accuracies | None = None) -> None:
        self.found.append(found)


def test_a_tracker_is_told_of_each_case_and_of_the_accuracy_at_the_end(
    base, history, offer, prepare
):
    class Kept(Tracker):
        def batch(self, plan) -> Told:
            return told

    told = Told()
    held = begun(Batches(base, Places(1), history, Kept()), ME, offer, prepare())
    held.job.wait(SECONDS)
    assert told.cases == [case.id for case in held.plan.cases]
    (found,) = told.found
    assert found
    assert {each.total for each in found.overall.values()} == {len(told.cases)}
