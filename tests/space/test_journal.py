"""The line in the log for each comparison: what it says, and what it keeps to itself."""

import logging
import re
import shlex
from types import SimpleNamespace
from typing import Any

import pytest

from journal import Journal
from logs import JOURNAL
from vlmscope import InputError, Variant

from .conftest import QUESTION

ME = "browser:nobody may know this"
VARIANTS = [Variant("baseline"), Variant("random")]


@pytest.fixture
def lines(caplog):
    """The lines so far, each as its facts by name."""
    caplog.set_level(logging.INFO, JOURNAL)

    def said() -> list[dict[str, str]]:
        split = [shlex.split(record.getMessage()) for record in caplog.records]
        return [dict(word.split("=", 1) for word in words[1:]) for words in split]

    return said


def placed(seconds: float) -> Any:
    """A ticket that waited 2 s and has had its place for so long, by a clock that stands at 100."""
    return SimpleNamespace(has_place=True, waited=2.0, since=100.0 - seconds, took=None)


def journal(**settings) -> Journal:
    return Journal(clock=lambda: 100.0, **settings)


def test_a_comparison_is_told_with_its_cost_and_without_its_content(lines, caplog, finished_run):
    with journal().entry("page", ME, "together") as entry:
        entry.asks(VARIANTS, (640, 480), QUESTION)
        entry.ticket, entry.run = placed(1.5), finished_run
    (told,) = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", told.pop("time"))
    assert re.fullmatch(r"[0-9a-f]{8}", told.pop("who"))
    assert told == {
        "how": "page",
        "mode": "together",
        "variants": "2",
        "kinds": "baseline,random",
        "image": "640x480",
        "image_tokens": str(finished_run.image.tokens),
        "answer_tokens": str(sum(len(each.token_ids) for each in finished_run.results)),
        "waited_s": "2.000",
        "seconds": "1.500",
        "outcome": "done",
    }
    assert QUESTION not in caplog.text
    assert "nobody may know" not in caplog.text


def test_a_question_is_told_on_one_line_and_only_where_the_owner_wants_it(lines):
    with journal(with_questions=True).entry("api", ME) as entry:
        entry.asks(VARIANTS, (1, 1), 'Is it "red"?\nhow=page')
    (told,) = lines()
    assert told["how"] == "api"
    assert told["question"].startswith('Is it "red"?')


def test_a_person_has_one_hash_and_nobody_without_the_secret_can_make_it(lines):
    for kept in (journal(secret="s" * 16), journal(secret="s" * 16), journal()):
        with kept.entry("page", ME):
            pass
    mine, again, elsewhere = (each["who"] for each in lines())
    assert mine == again != elsewhere


def outcome_of(lines, statuses=(), seconds=1.0, **changes) -> str:
    with journal(seconds=120).entry("page", ME) as entry:
        entry.ticket = placed(seconds)
        results = [SimpleNamespace(status=each, token_ids=[]) for each in statuses]
        image = SimpleNamespace(tokens=4)
        run: Any = SimpleNamespace(results=results, image=image) if statuses else None
        entry.run = run
        for name, value in changes.items():
            setattr(entry, name, value)
    return lines()[-1]["outcome"]


def test_an_outcome_is_that_of_the_whole_comparison(lines):
    assert outcome_of(lines, ["done", "failed"]) == "done"
    assert outcome_of(lines, ["failed", "failed"]) == "failed"
    assert outcome_of(lines, ["done", "stopped"]) == "stopped"
    assert outcome_of(lines, ["done", "stopped"], seconds=120.2) == "timeout"
    assert outcome_of(lines) == "stopped"
    assert outcome_of(lines, outcome="refused") == "refused"


def test_what_fails_and_who_leaves_is_told_too(lines):
    for fault in (OSError, InputError):
        with pytest.raises(fault), journal().entry("page", ME):
            raise fault

    def streams():
        with journal().entry("page", ME):
            yield

    left = streams()
    next(left)
    left.close()
    assert [each["outcome"] for each in lines()] == ["failed", "refused", "stopped"]
