"""An answer is judged by rules that a reader can check by hand."""

from __future__ import annotations

import pytest

from vlmscope import Judgement, judge
from vlmscope.evidence.judge import EXACT, FIRST, NONE, NUMBER, PLAIN, WITHIN

RIGHT = [
    ("red", "red", EXACT),
    (" red\n", "red", EXACT),
    ("Red.", "red", PLAIN),
    ("The red!", "red", PLAIN),
    ("“top-left”", "Top left", PLAIN),
    ("blue circle, red star on a plain ground", "Blue circle red star on plain ground", PLAIN),
    ("1,000", "1000", PLAIN),
    ("2.0", "2", PLAIN),
    ("2.", "2", PLAIN),
    ("−3", "-3", PLAIN),
    ("don't know", "Dont know", PLAIN),
    ("café", "CAFE\u0301", PLAIN),
    ("２", "2", PLAIN),
    ("कि", "कि।", PLAIN),
    ("the", "The", PLAIN),
    ("two", "2", NUMBER),
    ("2", "Two", NUMBER),
    ("None.", "0", NUMBER),
    ("twelve stars", "12 stars", NUMBER),
    ("The star is red.", "red", WITHIN),
    ("There are two stars.", "2", WITHIN),
    ("It lies at the top left of the image.", "top left", WITHIN),
    ("It is not blue. Red.", "red", WITHIN),
    ("No, red.", "red", WITHIN),
    ("No. Red it is", "red", WITHIN),
    ("It is not blue but red", "red", WITHIN),
    ("It says: not red", "not red", WITHIN),
    ("red or blue", "red", WITHIN),
    ("About 50 % of it", "50%", WITHIN),
    ("C++ of course", "C++", WITHIN),
    ("The letter A is there.", "A", WITHIN),
    ("A. The star", "A", WITHIN),
    ("B it is not. A", "A", WITHIN),
    ("Yes, it is.", "yes", FIRST),
    ("No. There is a star, yes.", "no", FIRST),
]

WRONG = [
    ("12", "2"),
    ("There are 12 stars.", "2"),
    ("2.5", "2"),
    ("2.5 of them", "5"),
    ("1,234 of them", "234"),
    ("-2 degrees", "2"),
    ("-2 degrees, not two", "2"),
    ("2nd of all", "2"),
    ("20", "2.0"),
    ("redder", "red"),
    ("The star is bored.", "red"),
    ("not red", "red"),
    ("It is not a red star.", "red"),
    ("There is no red star", "red"),
    ("It isn’t red", "red"),
    ("top of the left", "top left"),
    ("", "red"),
    ("...", "red"),
    ("blue", "?"),
    ("A star.", "A"),
    ("It is a star", "A"),
    ("x marks it", "X"),
    ("not A", "A"),
    ("It isn't K", "K"),
    ("Maybe yes", "yes"),
    ("yes and no", "no"),
    ("Not at all", "no"),
    ("nothing", "no"),
    ("yesterday", "yes"),
]


@pytest.mark.parametrize(("answer", "expected", "how"), RIGHT)
def test_a_right_answer_says_by_which_rule(answer: str, expected: str, how: str):
    assert judge(answer, [expected]) == Judgement(True, how)


@pytest.mark.parametrize(("answer", "expected"), WRONG)
def test_another_answer_is_wrong(answer: str, expected: str):
    assert judge(answer, [expected]) == Judgement(False, NONE)


def test_nothing_expected_is_not_judged():
    assert judge("red", ()) is None


def test_one_accepted_answer_is_enough_and_the_plainest_rule_says_how():
    assert judge("Crimson.", ("red", "crimson")) == Judgement(True, PLAIN)
    assert judge("two", ("2", "two")) == Judgement(True, EXACT)
    assert judge("yes, red", ("no", "red")) == Judgement(True, WITHIN)


@pytest.mark.parametrize("text", ["red", "The 2 stars.", "A", "yes", "1,000 %", "?", "‘’", "पानी"])
@pytest.mark.parametrize("change", [str.upper, str.lower, lambda text: f"  {text} \n"])
def test_every_answer_accepts_itself_in_any_case(text: str, change):
    found = judge(change(text), [text])
    assert found is not None and found.correct


@pytest.mark.parametrize("phrase", ["red", "2", "two", "top left", "K", "a star", "3.14", "-7"])
def test_a_phrase_is_found_in_a_sentence_but_not_within_a_word_or_after_a_not(phrase: str):
    for sentence, right in (
        (f"I see {phrase} there", True),
        (f"It says {phrase}.", True),
        (f"I see {phrase}x there", False),
        (f"I see x{phrase}x there", False),
        (f"It is not {phrase}", False),
    ):
        found = judge(sentence, [phrase])
        assert found is not None and found.correct == right, sentence


def test_a_long_answer_takes_no_long_time():
    assert judge("no red " * 50_000 + "'" * 50_000, ["red star"]) == Judgement(False, NONE)
