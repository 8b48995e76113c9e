"""What the History tab says and makes of kept entries, without a browser."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from comparing import StopSignal
from convert import Context
from history import again
from history.beside import beside
from history.cards import details, entry_list, range_text
from history.differences import differences, sentence
from history.store import History
from journal import Journal
from menu import menu
from pace import Work
from places import Places
from settings import Settings
from vlmscope import InputError, RunImage, Variant, peek

from .test_history import ME, case_run, small_run

MORNING = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
EVENING = datetime(2026, 3, 2, 20, 15, tzinfo=UTC)


@pytest.fixture
def history():
    kept = History(None)
    yield kept
    kept.close()


@pytest.fixture
def app(base, head) -> Any:
    return SimpleNamespace(
        base=base,
        choices=menu([peek(head)]),
        settings=Settings(max_new_tokens=6),
        places=Places(1),
        journal=Journal(),
    )


def test_nothing_that_anybody_wrote_becomes_markup(history):
    evil = '<img src=x onerror="alert(1)">'
    id = history.keep_run(ME, small_run(evil, evil), expected=evil)
    batch = history.begin_batch(ME, {"name": evil}, 1)
    history.keep_case(ME, batch, case_run(f'"{evil}', small_run(evil, evil)))
    history.keep_case(ME, batch, case_run("refused", error=evil))
    for each in (id, batch):
        history.annotate(ME, each, tags=[evil])
    entries = history.entries(ME)
    pages = [
        entry_list(entries, (), 0),
        details(history.entry(ME, id), None),
        details(history.entry(ME, batch), history.batch(ME, batch)),
    ]
    for page in pages:
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;" in page


def test_the_list_marks_what_is_picked_and_what_is_shown(history):
    one, two = history.keep_run(ME, small_run()), history.keep_run(ME, small_run())
    page = entry_list(history.entries(ME), picked=(one,), shown=two)
    assert f'value="{one}" aria-label' in page
    assert page.count(" checked>") == 1
    assert page.count('aria-current="true"') == 1
    assert f'<li aria-current="true"><input type="checkbox" value="{two}"' in page


def test_the_range_says_which_entries_of_how_many_are_shown():
    assert range_text(1, 0, 30) == "1 entry"
    assert range_text(30, 0, 30) == "30 entries"
    assert range_text(1234, 41, 30) == "1,231–1,234 of 1,234"


def test_a_batch_tells_how_far_it_is_and_how_right_each_variant_was(history):
    batch = history.begin_batch(ME, {"name": "All"}, 3)
    history.keep_case(ME, batch, case_run("a", small_run(answer="A star.")))
    history.keep_case(ME, batch, case_run("b", small_run(answer="A ring.")))
    history.set_batch(ME, batch, "paused")
    page = entry_list(history.entries(ME), (), 0)
    assert "batch, 2 of 3 cases, paused" in page
    assert "Baseline: 50 % (1 of 2)" in page
    assert 'data-case="b"' in details(history.entry(ME, batch), history.batch(ME, batch))


def test_only_conditions_that_differ_are_told():
    stored = {
        "dtype": "float16",
        "base": "/data/bases/tiny",
        "versions": {"torch": "2.1", "x": "1"},
    }
    now = {"dtype": "float32", "base": "/other/tiny2", "versions": {"torch": "2.2", "x": "1"}}
    assert differences(stored, now) == [
        "dtype was float16, is float32",
        "base was tiny, is tiny2",
        "torch was 2.1, is 2.2",
    ]
    assert sentence(differences(stored, stored)) == "Under the same conditions."
    assert differences({}, {"offloaded": "1 GiB"}) == ["offloaded was unknown, is 1 GiB"]


def test_two_comparisons_of_one_image_are_one_grid_marked_with_their_dates():
    one, other = small_run(answer="A star."), small_run(answer="A ring.")
    other = replace(other, stamp={"dtype": "float16"})
    value = beside((one, MORNING), (other, EVENING), Context("star"))
    assert [cell.title for cell in value.cells] == [
        "Baseline · 1 Mar 08:30",
        "Baseline · 2 Mar 20:15",
    ]
    assert [cell.answer for cell in value.cells] == ["A star.", "A ring."]
    assert "dtype" not in value.stamp
    assert [cell.stamp["dtype"] for cell in value.cells] == ["float32", "float16"]


def test_two_questions_about_one_image_are_told_in_the_cells():
    value = beside((small_run("Where?"), MORNING), (small_run("What?"), EVENING), Context())
    assert [cell.stamp["question"] for cell in value.cells] == ["Where?", "What?"]


def test_comparisons_of_two_images_are_refused_in_a_sentence():
    wide = replace(small_run(), image=RunImage(Image.new("RGB", (96, 64)), 2, 3))
    with pytest.raises(InputError, match=r"two different images \(64×64 and 96×64 pixels\)"):
        beside((small_run(), MORNING), (wide, EVENING), Context())
    with pytest.raises(InputError, match="two different images, which one grid cannot"):
        beside((small_run(shade=1), MORNING), (small_run(shade=2), EVENING), Context())


def test_run_again_answers_as_before_and_tells_each_variant_that_ends(app, finished_run):
    plan = again.plan(app, finished_run, ())
    steps = list(again.steps(app, finished_run, plan, StopSignal(), ME))
    assert (steps[0].ended, steps[-1].ended, steps[-1].total) == (0, 4, 4)
    made = steps[-1].run
    assert made
    assert [each.answer for each in made.results] == [each.answer for each in finished_run.results]
    assert [each.id for each in made.results] == [each.id for each in finished_run.results]
    assert differences(finished_run.stamp, made.stamp) == []


def test_run_again_stops_when_it_is_told_to(app, finished_run):
    stop = StopSignal()
    stop.set()
    *_, last = again.steps(app, finished_run, again.plan(app, finished_run, ()), stop, ME)
    assert last.run
    assert {each.status for each in last.run.results} <= {"stopped", "failed"}


def test_run_again_takes_a_place_that_batches_give_way_to(app, finished_run):
    steps = again.steps(app, finished_run, again.plan(app, finished_run, ()), StopSignal(), ME)
    next(steps)
    with app.places.case(Work("together"), lambda: True) as case:
        assert not case.has_place
    steps.close()
    with app.places.case(Work("together"), lambda: True) as case:
        assert case.has_place


def test_run_again_says_where_it_stands_in_the_line(app, finished_run):
    with app.places.comparison("someone else", Work("together")) as theirs:
        theirs.take()
        steps = again.steps(app, finished_run, again.plan(app, finished_run, ()), StopSignal(), ME)
        assert next(steps).place == "You are next in line."
    assert next(steps).place == ""
    steps.close()


def test_run_again_takes_no_more_than_the_server_allows(app, finished_run):
    asked = {"max_new_tokens": 9999, "mode": "measured", "repeats": 1_000_000, "stop": "x"}
    plan = again.plan(app, replace(finished_run, options=asked), ())
    assert plan.options == {"max_new_tokens": 6, "mode": "measured", "repeats": 10}


def test_run_again_makes_no_more_maps_for_words_than_a_page_holds(app, finished_run):
    app.settings = Settings(max_new_tokens=128)
    huge = replace(finished_run.image, rows=256, cols=256)
    asked = replace(finished_run, image=huge, options={"word_maps": True})
    with pytest.raises(InputError, match="Maps for each of up to 128 words"):
        again.plan(app, asked, ())
    assert again.plan(app, replace(asked, image=finished_run.image), ()).options["word_maps"]


def test_run_again_on_a_shared_server_leaves_out_what_is_not_offered(app, finished_run, head):
    app.settings = Settings(host="0.0.0.0", max_new_tokens=6)
    plan = again.plan(app, finished_run, ())
    assert [variant.kind for variant in plan.variants] == ["baseline", "arr-coc", "random"]
    assert len(plan.left_out) == 1
    assert "no checkpoint this server offers" in plan.left_out[0]
    elsewhere = Variant.parse("arr-coc:/etc/passwd")
    only = replace(finished_run, results=(replace(finished_run.results[0], variant=elsewhere),))
    with pytest.raises(InputError, match="no checkpoint this server offers"):
        again.plan(app, only, ())
