"""What a person compared is kept, found again, and theirs alone."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from history import store as store_module
from history.database import FILE, SCHEMA_VERSION
from history.store import History
from history.values import HistoryError, NotThere
from people import Visits
from vlmscope import Case, Result, Run, RunImage, Variant, judge
from vlmscope.evidence.cases import CaseRun

ME, OTHER = "browser:me", "user:other"


@pytest.fixture
def history(tmp_path):
    kept = History(tmp_path / "history")
    yield kept
    kept.close()


def small_run(question="What is it?", answer="A star.", shade=0) -> Run:
    """A run without a model: one variant that answered."""
    pixels = Image.new("RGB", (64, 64), (shade, 40, 80))
    result = Result("baseline", Variant.parse("baseline"), "done", answer, metrics={"total_s": 0.5})
    return Run({"name": "none"}, {"dtype": "float32"}, RunImage(pixels, 2, 2), question, (result,))


def case_run(id: str, run: Run | None = None, expected=("star",), error=None) -> CaseRun:
    case = Case(id, "vague", Path("scene.png"), "What is it?", expected)
    judged = {r.id: judge(r.answer, expected) for r in run.results} if run else {}
    return CaseRun(case, run, judged, error, 1.5)


def test_a_kept_run_comes_back_with_its_image_its_maps_and_its_figures(history, finished_run):
    read = history.run(ME, history.keep_run(ME, finished_run))
    assert read.query == finished_run.query
    assert read.stamp == finished_run.stamp
    assert np.array_equal(np.asarray(read.image.pixels), np.asarray(finished_run.image.pixels))
    assert len(read.results) == len(finished_run.results)
    for one, other in zip(read.results, finished_run.results, strict=True):
        assert (one.variant, one.status, one.answer) == (other.variant, other.status, other.answer)
        assert (one.error, dict(one.metrics)) == (other.error, dict(other.metrics))
        assert one.maps.keys() == other.maps.keys()
        for key, each in one.maps.items():
            assert np.array_equal(each.values, other.maps[key].values, equal_nan=True)


def test_an_entry_tells_the_answers_how_they_were_judged_and_what_failed(history, finished_run):
    answer = finished_run["baseline"].answer
    (entry,) = [history.entry(ME, history.keep_run(ME, finished_run, expected=answer))]
    assert entry.kind == "comparison"
    assert entry.title == finished_run.query
    assert entry.case.expected == (answer,)
    first, *_, failed = entry.case.answers
    assert (first.correct, first.how) == (True, "exact")
    assert first.image_tokens == finished_run["baseline"].metrics["image_tokens"]
    assert failed.status == "failed"
    assert (failed.correct, failed.error) == (None, finished_run.results[-1].error)
    assert entry.thumbnail.startswith("data:image/webp;base64,")


def test_the_newest_entry_is_the_first_and_pages_follow_each_other(history):
    ids = [history.keep_run(ME, small_run(f"Number {n}?")) for n in range(5)]
    pages = [history.entries(ME, page=page, page_size=2) for page in range(3)]
    assert [entry.id for page in pages for entry in page] == ids[::-1]
    assert history.count(ME) == 5


def test_every_word_is_looked_for_in_question_answers_titles_notes_and_tags(history):
    star = history.keep_run(ME, small_run("Was ist DAS Größte?", "Ein Stern."))
    history.keep_run(ME, small_run("Another?", "A 100% square_"))
    history.annotate(ME, star, notes="odd Maps", tags=["For Paper"])
    for words in ("GRÖSSTE", "stern", "baseline größte", "maps", "paper stern"):
        assert star in [entry.id for entry in history.entries(ME, words)], words
    assert history.entries(ME, "stern square") == []
    # No character of a search is a wildcard.
    assert len(history.entries(ME, "0% sq")) == 1
    assert history.entries(ME, "s_ar") == []
    assert history.entries(ME, "'; DROP TABLE entries; --") == []


def test_tags_kinds_and_ratings_narrow_the_list(history):
    one, two = history.keep_run(ME, small_run()), history.keep_run(ME, small_run())
    batch = history.begin_batch(ME, {"name": "All"}, 3)
    history.annotate(ME, one, tags=["a", "b", "a", " "], rating=4)
    history.annotate(ME, two, tags=["b"], rating=0)

    def ids(**wanted):
        return {entry.id for entry in history.entries(ME, **wanted)}

    assert history.entry(ME, one).tags == ("a", "b")
    assert history.tags(ME) == ["a", "b"]
    assert ids(tags=["b"]) == {one, two}
    assert ids(tags=["a", "b"]) == {one}
    assert ids(kinds=["batch"]) == {batch}
    assert ids(least_rating=1) == {one}
    assert history.count(ME, kinds=["comparison"], tags=["b"]) == 2


def test_notes_tags_and_ratings_stay_where_they_are_not_set_and_a_rating_can_go(history):
    id = history.keep_run(ME, small_run())
    history.annotate(ME, id, notes=" looks at the corner ", tags=["x"], rating=3)
    history.annotate(ME, id, rating=5)
    entry = history.entry(ME, id)
    assert (entry.notes, entry.tags, entry.rating) == ("looks at the corner", ("x",), 5)
    history.annotate(ME, id, rating=-1)
    assert history.entry(ME, id).rating is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rating": 6}, "6 is no rating"),
        ({"notes": "x" * 20_001}, "The notes have 20,001 characters"),
        ({"tags": [str(n) for n in range(21)]}, "There are 21 tags"),
        ({"tags": ["x" * 61]}, "has 61 characters"),
    ],
)
def test_notes_tags_and_ratings_beyond_their_bounds_are_refused(history, given, said):
    id = history.keep_run(ME, small_run())
    with pytest.raises(HistoryError, match=said):
        history.annotate(ME, id, **given)


def test_votes_are_for_variants_of_the_entry_and_replace_each_other(history, finished_run):
    id = history.keep_run(ME, finished_run)
    first, second = (result.id for result in finished_run.results[:2])
    history.vote(ME, id, first)
    history.vote(ME, id, second, first)
    assert history.entry(ME, id).votes == (second, first)
    with pytest.raises(HistoryError, match="'nobody' is no variant"):
        history.vote(ME, id, "nobody")
    history.vote(ME, id)
    assert history.entry(ME, id).votes == ()


def test_nothing_of_one_person_is_there_for_another(history, finished_run):
    run = history.keep_run(ME, finished_run)
    batch = history.begin_batch(ME, {}, 1)
    history.keep_case(ME, batch, case_run("1", small_run()))
    calls = [
        lambda person: history.entry(person, run),
        lambda person: history.run(person, run),
        lambda person: history.annotate(person, run, notes="mine"),
        lambda person: history.vote(person, run, "baseline"),
        lambda person: history.forget(person, [run]),
        lambda person: history.batch(person, batch),
        lambda person: history.case_run(person, batch, "1"),
        lambda person: history.set_batch(person, batch, "done"),
        lambda person: history.keep_case(person, batch, case_run("2", small_run())),
    ]
    before = history.entries(ME)
    for call in calls:
        for person in (OTHER, "", "browser:ME", "browser:m%"):
            with pytest.raises(HistoryError):
                call(person)
    with pytest.raises(NotThere):
        history.forget(OTHER, [run])
    assert history.entries(OTHER) == []
    assert history.tags(OTHER) == []
    assert history.entries(ME) == before


def test_an_id_that_is_none_is_not_there(history):
    for id in (0, -1, 99, 2**70, True, "1", None, 1.0):
        with pytest.raises(NotThere):
            history.entry(ME, id)


def test_nothing_is_kept_without_a_person(history):
    with pytest.raises(HistoryError, match="Nothing is kept"):
        history.keep_run("", small_run())
    assert history.entries("") == []


def test_one_person_keeps_an_image_once_and_it_goes_with_the_last_entry_that_has_it(history):
    one, two = (history.keep_run(ME, small_run(shade=7)) for _ in range(2))
    history.keep_run(OTHER, small_run(shade=7))
    assert images(history) == 2
    history.forget(ME, [one])
    assert images(history) == 2
    assert history.run(ME, two).image.pixels.size == (64, 64)
    history.forget(ME, [two])
    assert images(history) == 1
    assert history.used(ME) == 0


def test_what_is_deleted_leaves_the_disk(history):
    noise = np.random.default_rng(0).integers(0, 256, (700, 700, 3), dtype=np.uint8)
    large = replace(small_run(), image=RunImage(Image.fromarray(noise), 2, 2))
    history.keep_run(OTHER, small_run())
    id = history.keep_run(ME, large)
    history.forget(ME, [id])
    assert sum(file.stat().st_size for file in history.folder.iterdir()) < 700 * 700


def test_a_forgotten_list_goes_as_a_whole_or_not_at_all(history):
    mine, theirs = history.keep_run(ME, small_run()), history.keep_run(OTHER, small_run())
    with pytest.raises(NotThere):
        history.forget(ME, [mine, theirs])
    assert [entry.id for entry in history.entries(ME)] == [mine]


def test_a_batch_that_runs_is_not_deleted(history):
    id = history.begin_batch(ME, {}, 1)
    with pytest.raises(HistoryError, match="runs still; stop it first"):
        history.forget(ME, [id])
    history.set_batch(ME, id, "paused")
    history.forget(ME, [id])
    assert history.entries(ME) == []


def test_a_batch_keeps_its_plan_and_each_case_as_it_ends(history):
    plan = {"name": "Held out", "variants": ["baseline"], "nested": {"list": [1, None, True]}}
    id = history.begin_batch(ME, plan, 3)
    history.keep_case(ME, id, case_run("a", small_run(answer="A star.")))
    history.keep_case(ME, id, case_run("b", small_run(answer="A ring.")))
    history.keep_case(ME, id, case_run("c", error="The image is damaged; give another."))
    batch = history.batch(ME, id)
    assert batch.plan == plan
    assert batch.state == "running"
    assert [case.id for case in batch.cases] == ["a", "b", "c"]
    assert [case.error for case in batch.cases] == [
        None,
        None,
        "The image is damaged; give another.",
    ]
    (answer,) = batch.cases[0].answers
    assert (answer.correct, answer.total_s) == (True, 0.5)
    (tally,) = batch.entry.tallies
    assert (tally.correct, tally.judged, tally.total) == (1, 2, 2)
    assert (batch.entry.title, batch.entry.kept, batch.entry.total) == ("Held out", 3, 3)
    assert history.case_run(ME, id, "b").results[0].answer == "A ring."
    with pytest.raises(NotThere):
        history.case_run(ME, id, "c")
    assert [entry.id for entry in history.entries(ME, "ring")] == [id]


def test_a_case_that_is_kept_again_replaces_the_first_and_costs_no_more(history):
    id = history.begin_batch(ME, {}, 1)
    history.keep_case(ME, id, case_run("a", small_run(answer="One.")))
    used = history.used(ME)
    history.keep_case(ME, id, case_run("a", small_run(answer="Two.")))
    (case,) = history.batch(ME, id).cases
    assert case.answers[0].answer == "Two."
    assert history.used(ME) == used


def test_a_comparison_is_no_batch(history):
    id = history.keep_run(ME, small_run())
    with pytest.raises(NotThere, match="no batch"):
        history.batch(ME, id)
    with pytest.raises(NotThere, match="no batch"):
        history.keep_case(ME, id, case_run("", small_run()))


@pytest.mark.parametrize("state", ["paused", "stopped", "done"])
def test_how_a_batch_ended_is_kept(history, state):
    id = history.begin_batch(ME, {}, 1)
    history.set_batch(ME, id, state)
    assert history.batch(ME, id).state == state
    assert history.entries(ME)[0].state == state


def test_a_text_that_no_file_can_hold_is_kept_without_its_broken_characters(history):
    run = small_run("half \ud800?", "answer \udfff\0!")
    entry = history.entry(ME, history.keep_run(ME, run, expected="\ud800"))
    assert entry.title == "half ??"
    assert entry.case.answers[0].answer == "answer ?\0!"
    assert history.run(ME, entry.id).query == run.query


def test_two_threads_of_two_people_write_at_once(history):
    def write(person: str) -> None:
        for number in range(10):
            history.keep_run(person, small_run(f"{number}?", shade=number))

    threads = [threading.Thread(target=write, args=(p,)) for p in (ME, OTHER, ME)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (history.count(ME), history.count(OTHER)) == (20, 10)


WRITER = textwrap.dedent(
    """
    import sys
    sys.path[:0] = {path!r}
    from pathlib import Path
    from tests.space.test_history import ME, case_run, small_run
    from history.store import History
    history = History(Path({folder!r}))
    batch = history.begin_batch(ME, {{"name": "Long"}}, 10_000)
    for number in range(10_000):
        history.keep_case(ME, batch, case_run(str(number), small_run(shade=number % 200)))
        print(batch, number, flush=True)
    """
)


def start_writer(folder: Path) -> subprocess.Popen:
    code = WRITER.format(path=sys.path, folder=str(folder))
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def read_line(writer: subprocess.Popen) -> list[int]:
    assert writer.stdout
    return [int(word) for word in writer.stdout.readline().split()]


def kill(writer: subprocess.Popen) -> int:
    """End a writer in the middle of its work; gives the last number that it said it kept."""
    os.kill(writer.pid, signal.SIGKILL)
    assert writer.stdout
    said = writer.stdout.read().split()
    writer.wait()
    return int(said[-1]) if said else -1


def test_a_killed_process_loses_at_most_the_case_it_was_at_and_its_batch_is_paused(tmp_path):
    for rounds in (1, 4, 9):
        folder = tmp_path / str(rounds)
        writer = start_writer(folder)
        for _ in range(rounds):
            batch, number = read_line(writer)
        number = max(number, kill(writer))
        history = History(folder)
        kept = history.batch(ME, batch)
        assert len(kept.cases) in (number + 1, number + 2)
        assert [case.id for case in kept.cases] == [str(n) for n in range(len(kept.cases))]
        assert all(history.case_run(ME, batch, case.id) for case in kept.cases)
        assert kept.state == "paused"
        assert history.entries(ME)[0].state == "paused"
        history.set_batch(ME, batch, "running")
        assert history.batch(ME, batch).state == "running"
        assert sqlite3.connect(folder / FILE).execute("PRAGMA integrity_check").fetchone() == (
            "ok",
        )
        history.close()


def test_two_processes_share_a_folder_and_see_what_runs_in_the_other(tmp_path):
    folder = tmp_path / "history"
    writer = start_writer(folder)
    try:
        batch, _ = read_line(writer)
        history = History(folder)
        for number in range(20):
            history.keep_run(OTHER, small_run(f"{number}?"))
        assert history.batch(ME, batch).state == "running"
        with pytest.raises(HistoryError, match="runs in another vlmscope"):
            history.set_batch(ME, batch, "running")
        assert history.count(OTHER) == 20
    finally:
        kill(writer)
    assert history.batch(ME, batch).state == "paused"
    assert history.count(OTHER) == 20
    history.close()


def test_what_is_kept_is_there_when_the_folder_is_opened_again(tmp_path):
    first = History(tmp_path)
    id = first.keep_run(ME, small_run())
    first.annotate(ME, id, notes="kept", tags=["t"], rating=2)
    first.close()
    again = History(tmp_path)
    assert again.entry(ME, id).notes == "kept"
    assert again.run(ME, id).query == "What is it?"
    again.close()
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_the_folder_and_the_file_are_this_users_alone(tmp_path):
    history = History(tmp_path / "new" / "history")
    assert stat.S_IMODE(history.folder.stat().st_mode) == 0o700
    history.keep_run(ME, small_run())
    for file in history.folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    history.close()


def test_without_a_folder_the_history_goes_with_the_object():
    history = History(None)
    history.keep_run(ME, small_run())
    folder = history.folder
    assert folder.is_dir()
    assert not history.is_lasting
    history.close()
    assert not folder.exists()


def test_a_temporary_history_that_a_killed_process_left_is_deleted_by_the_next(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left, open_one = tmp_path / "vlmscope-history-left", History(None)
    left.mkdir()
    (left / "open-gone").touch()
    for folder in (left, open_one.folder):
        os.utime(folder, (0, 0))
    history = History(None)
    assert not left.exists()
    assert open_one.folder.is_dir()
    history.close()
    open_one.close()


def test_a_person_who_is_gone_is_forgotten_and_no_other():
    history = History(None)
    visits = Visits(absent_seconds=0)
    visits.when_gone(history.forget_person)
    for person in (ME, OTHER):
        visits.arrive(person, person)
        history.keep_run(person, small_run())
    visits.leave(ME)
    assert (history.count(ME), history.count(OTHER)) == (0, 1)
    assert images(history) == 1
    history.close()


@pytest.mark.parametrize(
    "content", [b"hello, this is text " * 100, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_a_damaged_file_is_refused_with_its_name_and_left_as_it_is(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(HistoryError, match=f"{FILE} .*; nothing in it was changed: move it away"):
        History(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


def test_somebody_elses_database_is_refused_and_left_as_it_is(tmp_path):
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("CREATE TABLE cats (name TEXT)")
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(HistoryError, match="is no history of vlmscope"):
        History(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


def test_a_history_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path):
    History(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(HistoryError, match=f"is of version {SCHEMA_VERSION + 1}"):
        History(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


def test_a_folder_that_cannot_be_made_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HistoryError, match="set HISTORY to another folder"):
        History(tmp_path / "file" / "history")


def test_a_damaged_run_is_told_and_its_entry_stays(history):
    id = history.keep_run(ME, small_run())
    with sqlite3.connect(history.folder / FILE) as connection:
        connection.execute("UPDATE runs SET document = substr(document, 1, 50)")
    with pytest.raises(HistoryError, match="This run is damaged"):
        history.run(ME, id)
    assert history.entry(ME, id).case.answers[0].answer == "A star."


def test_a_person_keeps_no_more_than_they_may_and_what_they_have_stays(tmp_path):
    history = History(tmp_path, person_bytes=20_000)
    ids = []
    with pytest.raises(HistoryError, match="Your history holds"):
        for number in range(100):
            ids.append(history.keep_run(ME, small_run(answer="x" * 3000, shade=number)))
    assert 0 < len(ids) < 10
    assert history.count(ME) == len(ids)
    assert history.used(ME) <= 20_000
    history.keep_run(OTHER, small_run())
    history.forget(ME, ids[:2])
    history.keep_run(ME, small_run())
    history.close()


def test_a_folder_that_vanished_is_told_in_a_sentence(history):
    id = history.keep_run(ME, small_run())
    shutil.rmtree(history.folder)
    for act in (
        lambda: history.keep_run(ME, small_run()),
        lambda: history.begin_batch(ME, {}, 1),
        lambda: history.entries(ME),
        lambda: history.forget(ME, [id]),
    ):
        with pytest.raises(HistoryError) as told:
            act()
        assert str(history.folder) not in str(told.value)


def test_a_disk_that_is_nearly_full_is_said_before_anything_is_written(history, monkeypatch):
    usage = type("Usage", (), {"free": 5 * 2**20})
    monkeypatch.setattr(store_module.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(HistoryError, match="has only 5 MiB left, so this was not kept"):
        history.keep_run(ME, small_run())
    assert history.entries(ME) == []


def test_a_disk_that_fills_up_while_writing_leaves_nothing_half(history):
    history.keep_run(ME, small_run())
    whole = history._database._connect

    def small():
        connection = whole()
        connection.execute("PRAGMA max_page_count = 40")
        return connection

    history._database._connect = small
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    large = replace(small_run(), image=RunImage(Image.fromarray(noise), 2, 2))
    with pytest.raises(HistoryError, match="The disk of the history is full"):
        history.keep_run(ME, large)
    history._database._connect = whole
    assert history.count(ME) == 1
    assert images(history) == 1


def test_a_plan_too_long_to_keep_is_refused(history):
    with pytest.raises(HistoryError, match="The plan of this batch has"):
        history.begin_batch(ME, {"cases": "x" * (8 * 2**20)}, 1)


def images(history: History) -> int:
    with sqlite3.connect(history.folder / FILE) as connection:
        return connection.execute("SELECT count(*) FROM images").fetchone()[0]
