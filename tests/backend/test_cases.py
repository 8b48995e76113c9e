"""Cases are run one after the other, judged, and one that is refused ends no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.reference import picture

from vlmscope import Case, InputError, SharedBase
from vlmscope.evidence import cases as module
from vlmscope.evidence.cases import product, run_cases

LINES = ["baseline", "uniform:keep=50%"]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    picture(64, 64).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def three(image: Path) -> list[Case]:
    return [
        Case("one", "vague", image, "What?"),
        Case("two", "vague", image.with_name("broken.png"), "What?", ("red",)),
        Case("three", "detail", image, "Who?", ("red",)),
    ]


def test_each_case_is_judged_and_a_refused_one_leaves_the_others(tiny: SharedBase, image: Path):
    image.with_name("broken.png").write_text("no image")
    first, refused, last = run_cases(tiny, three(image), LINES, max_new_tokens=2)
    assert first.run is not None and last.run is not None
    assert first.run.options["max_new_tokens"] == 2
    assert list(first.judgements.values()) == [None, None] and first.error is None
    assert list(last.judgements) == [result.id for result in last.run.results]
    assert all(judged is not None for judged in last.judgements.values())
    assert refused.run is None and refused.judgements == {}
    assert refused.error and refused.error.startswith("'broken.png' is no image")
    assert last.seconds > 0


def test_an_answer_that_is_expected_is_right(tiny: SharedBase, image: Path):
    (seen,) = run_cases(tiny, [Case("1", "x", image, "What?")], ["baseline"], max_new_tokens=4)
    assert seen.run is not None
    answer = seen.run["baseline"].answer
    case = Case("1", "x", image, "What?", ("never this", answer))
    (judged,) = run_cases(tiny, [case], ["baseline"], max_new_tokens=4)
    found = judged.judgements["baseline"]
    assert found is not None and (found.correct, found.how) == (True, "exact")


def test_a_variant_that_fails_is_not_judged(tiny: SharedBase, image: Path):
    case = Case("1", "x", image, "What?", ("red",))
    lines = ["baseline", "arr-coc:none.safetensors"]
    (found,) = run_cases(tiny, [case], lines, max_new_tokens=2)
    failed = [id for id, judged in found.judgements.items() if judged is None]
    assert failed == ["arr-coc-none"] and found.error is None


def test_cases_that_were_done_before_are_skipped(tiny: SharedBase, image: Path):
    found = run_cases(tiny, three(image), LINES, skip={"one", "two"}, max_new_tokens=1)
    assert [each.case.id for each in found] == ["three"]


def test_stopped_between_cases_nothing_more_is_run(tiny: SharedBase, image: Path):
    stopping = False
    found = run_cases(tiny, three(image), LINES, stop=lambda: stopping, max_new_tokens=1)
    assert next(found).case.id == "one"
    stopping = True
    assert list(found) == []


def test_a_case_that_was_cut_short_is_not_given(tiny: SharedBase, image: Path):
    asked = iter([False] * 4 + [True])  # once, then no more: a stop is a stop
    found = run_cases(tiny, three(image), LINES, stop=lambda: next(asked, False), max_new_tokens=50)
    assert list(found) == []


def test_a_case_that_runs_out_of_its_time_is_given_and_not_judged(tiny: SharedBase, image: Path):
    cases = [Case(id, "x", image, "What?", ("red",)) for id in "ab"]
    found = list(
        run_cases(tiny, cases, ["baseline"], stop=lambda: False, max_seconds=1e-9, max_new_tokens=9)
    )
    assert [each.case.id for each in found] == ["a", "b"]
    assert all(each.run and each.run["baseline"].status == "stopped" for each in found)
    assert all(each.judgements == {"baseline": None} for each in found)


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        ([], {}),
        ("baseline", {}),
        (["no kind!"], {}),
        (["baseline"], {"max_new_tokens": 0}),
        (["baseline"], {"colour": "red"}),
    ],
)
def test_what_no_case_could_be_run_with_is_refused_at_once(
    tiny: SharedBase, image: Path, monkeypatch, lines: Any, options: dict[str, Any]
):
    monkeypatch.setattr(module, "run", lambda *_, **__: pytest.fail("it ran"))
    with pytest.raises(InputError):
        run_cases(tiny, three(image), lines, **options)


def test_a_product_asks_every_question_of_every_image():
    images = [Path("a.png"), Path("b.png")]
    made = product(images, ["What?", "Who?"], ["vague", "specific"])
    assert [case.id for case in made] == ["1-1", "1-2", "2-1", "2-2"]
    assert made[2] == Case("2-1", "vague", Path("b.png"), "What?")
    assert {case.type for case in product(images, ["What?"])} == {"other"}
    with pytest.raises(InputError, match="2 questions and 1 types"):
        product(images, ["What?", "Who?"], ["vague"])
