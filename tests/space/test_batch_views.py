"""What a person sees of a batch: captions, the matrix, accuracy, progress."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from PIL import Image

from batch.accuracy import accuracy_table
from batch.batches import Held
from batch.gallery import caption, save_small
from batch.job import Progress
from batch.layout import Shown
from batch.layout import shown as laid_out
from batch.matrix import CORRECT, LATENCY, TOKENS, matrix, measures
from batch.plan import Plan
from batch.progress import progress_bar
from batch.rows import Outcome, Row, row_of
from batch.showing import page_of, results
from batch.views import cut, duration, said
from tracking import TrackedBatch
from vlmscope import Case, Variant
from vlmscope.evidence.cases import run_cases

VARIANTS = (Variant.parse("baseline"), Variant.parse("uniform:keep=25%,title=Lattice"))
HOSTILE = '<img src=x onerror="alert(1)"><a href="javascript:alert(1)">x</a>'


def case(id: str, type: str = "vague", expected=("red",), query="What colour?") -> Case:
    return Case(id, type, Path(f"{id}.png"), query, expected)


def row(id: str, first: bool | None, second: bool | None, seconds=None) -> Row:
    how = {True: "exact", False: "no accepted answer", None: None}
    return Row(
        id,
        2.0,
        {
            "baseline": Outcome("done", "red", 100, first, how[first], seconds),
            VARIANTS[1].id: Outcome("done", "blue", 25, second, how[second], seconds),
        },
    )


def heat_of(figure: Any) -> Any:
    (heat,) = figure.data
    return heat


def plan(*cases: Case, **options) -> Plan:
    return Plan("mine", cases, VARIANTS, options)


def test_a_caption_says_the_question_and_each_variants_answer_tokens_and_verdict():
    one = case("a")
    assert caption(3, one, row("a", True, False), plan(one)).splitlines() == [
        "3  What colour?  [red]",
        "✓ Baseline: red · 100 tokens",
        "✗ Lattice · 25 %: blue · 25 tokens",
    ]


def test_a_caption_of_what_was_refused_says_why():
    one = case("a", expected=())
    refused = Row("a", 0.1, error="'a.png' is no image.")
    assert caption(1, one, refused, plan(one)).splitlines()[1] == "refused: 'a.png' is no image."


def test_a_failed_a_stopped_and_an_empty_answer_are_told_apart():
    assert said(Outcome("failed", error="It broke."), 80) == "It broke."
    assert said(Outcome("stopped", "The"), 80) == "The (stopped)"
    assert said(Outcome("done", ""), 80) == "(no words)"
    assert cut("a\n b" + "c" * 100, 10) == "a bcccccc…"


def test_the_matrix_has_a_row_for_each_case_and_a_column_for_each_variant():
    cases = [case("a"), case("b")]
    rows = [row("a", True, False), row("b", None, True)]
    figure: Any = matrix([5, 6], cases, rows, plan(*cases), TOKENS)
    heat = heat_of(figure)
    assert [list(line) for line in heat.z] == [[100, 25], [100, 25]]
    assert [list(line) for line in heat.customdata] == [[5, 5], [6, 6]]
    assert list(figure.layout.xaxis.ticktext) == ["Baseline", "Lattice · 25 %"]
    assert figure.layout.yaxis.autorange == "reversed"
    right = heat_of(matrix([5, 6], cases, rows, plan(*cases), CORRECT))
    assert [list(line) for line in right.z] == [[1, 0], [0.5, 1]]
    assert [t[0] for line in right.text for t in line] == ["✓", "✗", "·", "✓"]


def test_latency_is_a_measured_batchs_alone_and_right_or_wrong_needs_an_expected_answer():
    open_case, judged = case("a", expected=()), case("a")
    assert measures(plan(open_case)) == [TOKENS]
    assert measures(plan(judged, mode="measured")) == [CORRECT, TOKENS, LATENCY]
    timed = heat_of(matrix([1], [judged], [row("a", True, True, 0.25)], plan(judged), LATENCY))
    assert list(timed.z[0]) == [0.25, 0.25]
    assert "0.250 s, measured by itself" in timed.hovertext[0][0]


def test_a_together_run_has_no_latency_and_a_measured_one_has_the_engines(base, image_file):
    one = Case("a", "vague", image_file, "What?", ("red",))
    lines = ["baseline", "uniform:keep=50%"]
    (together,) = run_cases(base, [one], lines, max_new_tokens=2)
    assert [o.seconds for o in row_of(together).outcomes.values()] == [None, None]
    (measured,) = run_cases(base, [one], lines, max_new_tokens=2, mode="measured", repeats=1)
    assert measured.run
    assert [o.seconds for o in row_of(measured).outcomes.values()] == [
        result.metrics["total_s"] for result in measured.run.results
    ]


@pytest.mark.parametrize("measure", [CORRECT, TOKENS])
def test_hostile_texts_are_text_in_the_matrix(measure):
    one = case("a", query=HOSTILE, expected=(HOSTILE,))
    found = Row("a", 1.0, {"baseline": Outcome("done", HOSTILE, 9, False, "no accepted answer")})
    titled = Plan("mine", (one,), (Variant("baseline", title=HOSTILE),))
    figure: Any = matrix([1], [one], [found], titled, measure)
    heat = heat_of(figure)
    texts = [heat.hovertext[0][0], heat.text[0][0]]
    texts += [*figure.layout.xaxis.ticktext, *figure.layout.yaxis.ticktext]
    assert not any("<img" in text or "<a" in text for text in texts)


def test_hostile_texts_are_text_in_the_tables():
    one = case("a", type=HOSTILE)
    titled = Plan(HOSTILE, (one, case("b")), (Variant("baseline", title=HOSTILE),))
    rows = {id: Row(id, 1.0, {"baseline": Outcome("done", "x", 9, True, "exact")}) for id in "ab"}
    bar = progress_bar(HOSTILE, Progress("paused", 1, 2, 3.0, 3.0, False, HOSTILE))
    for html in (accuracy_table(titled, rows), bar):
        assert "&lt;img" in html
        assert "<img" not in html and "<a " not in html


def test_accuracy_is_told_for_each_variant_and_type_with_how_it_was_judged():
    cases = [case("a"), case("b", "detail"), case("c", "detail"), case("d", expected=())]
    rows = {
        "a": row("a", True, True),
        "b": row("b", True, False),
        "c": row("c", True, None),
        "d": Row("d", 1.0, error="refused"),
    }
    html = accuracy_table(plan(*cases), rows)
    assert html.index(">vague<") < html.index(">detail<")
    assert "3 of 3, 1 not judged" in html
    assert "1 of 2, 2 not judged" in html
    assert "95 % interval" in html
    how = html[html.index("Rule that held") :]
    assert "<td>3</td><td>1</td>" in how[how.index(">exact<") :]
    assert "<td>–</td><td>1</td>" in how[how.index(">no accepted answer<") :]


def test_without_expected_answers_there_is_no_accuracy():
    one = case("a", expected=())
    assert accuracy_table(plan(one), {"a": row("a", None, None)}) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.84, "0.8 s"), (9.97, "10.0 s"), (42.4, "42 s"), (190, "3 min 10 s"), (7500, "2 h 5 min")],
)
def test_a_time_is_said_as_one_says_it(seconds, words):
    assert duration(seconds) == words


def test_progress_says_how_far_how_long_and_what_is_left():
    html = progress_bar("mine", Progress("running", 3, 12, 48.0, 150.0, False, ""))
    assert "Running" in html
    assert "3 of 12 cases · 48 s · about 2 min 30 s left" in html
    assert 'aria-valuenow="3"' in html and "width:25.00%" in html
    waits = progress_bar("mine", Progress("running", 0, 12, 1.0, None, True, ""))
    assert "Waiting for a free place" in waits and "left" not in waits


def test_a_small_copy_is_made_once_and_is_small(tmp_path):
    place = tmp_path / "a.webp"
    save_small(Image.new("RGBA", (3000, 1000), "red"), place)
    with Image.open(place) as small:
        assert small.size == (360, 120)
    before = place.read_bytes()
    save_small(Image.new("RGB", (10, 10)), place)
    assert place.read_bytes() == before


@pytest.fixture(scope="module")
def shown() -> Shown:
    with gr.Blocks():
        return laid_out()


def held_with(finished: int, folder: Path, total: int = 200) -> Held:
    """A batch of so many cases, of which some are finished."""
    cases = [case(f"c{number}") for number in range(1, total + 1)]
    rows = {each.id: row(each.id, True, False) for each in cases[:finished]}
    job: Any = SimpleNamespace(plan=plan(*cases), rows=rows)
    return Held(7, folder, job, TrackedBatch())


def numbers_in(updates: dict[Any, Any], shown: Shown) -> list[int]:
    """The numbers of the cases in the gallery; those of the matrix are the same."""
    numbers = [int(text.split()[0]) for _, text in updates[shown.gallery]["value"]]
    assert [line[0] for line in heat_of(updates[shown.matrix]).customdata] == numbers
    return numbers


@pytest.mark.parametrize(
    ("finished", "last_of_each"),
    [(1, [1]), (64, [64]), (65, [64, 65]), (128, [64, 128]), (129, [64, 128, 129])],
)
def test_each_page_has_the_next_64_cases(shown, tmp_path, finished, last_of_each):
    held = held_with(finished, tmp_path)
    first = 1
    for page, last in enumerate(last_of_each, 1):
        updates = page_of(shown, held, page, TOKENS)
        assert numbers_in(updates, shown) == list(range(first, last + 1))
        assert updates[shown.page] == gr.update(
            choices=[
                (f"page {n} of {len(last_of_each)}", n) for n in range(1, 1 + len(last_of_each))
            ],
            value=page,
            visible=len(last_of_each) > 1,
        )
        first = last + 1


def test_a_page_that_is_not_there_any_more_is_the_last_one(shown, tmp_path):
    updates = page_of(shown, held_with(65, tmp_path), 3, TOKENS)
    assert numbers_in(updates, shown) == [65]
    assert updates[shown.page]["value"] == 2


def test_what_comes_meanwhile_leaves_the_page_and_another_batch_begins_at_the_first(
    shown, tmp_path
):
    held = held_with(129, tmp_path)
    updates, seen = results(shown, held, 2, TOKENS, (held.id, 128))
    assert numbers_in(updates, shown) == list(range(65, 129))
    assert seen == (held.id, 129)
    updates, _ = results(shown, held, 2, TOKENS, (held.id - 1, 200))
    assert numbers_in(updates, shown) == list(range(1, 65))
