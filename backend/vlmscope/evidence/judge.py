"""Whether an answer is one of the accepted ones, by rules that a reader can check by hand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

EXACT = "exact"
PLAIN = "after normalising case and punctuation"
NUMBER = "number word equals digit"
FIRST = "the first word says yes or no"
WITHIN = "the expected words stand in the answer"
NONE = "no accepted answer"

ARTICLES = frozenset(("a", "an", "the"))
_COUNTED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
NUMBERS = {word: str(number) for number, word in enumerate(_COUNTED.split())} | {"none": "0"}
NEGATIONS = frozenset(
    (
        *("no", "not", "never", "without", "neither", "nor", "cannot", "cant"),
        *("isnt", "arent", "wasnt", "werent", "dont", "doesnt", "didnt"),
    )
)
_ENDS = frozenset(".,;:!?…—–。、\n")
"""What ends a clause: a negation before it says nothing of what follows."""


@dataclass(frozen=True)
class Judgement:
    """Whether an answer is right, and by which rule, in words."""

    correct: bool
    how: str


@dataclass(frozen=True)
class _Word:
    text: str
    begins: bool  # a clause


def judge(answer: str, expected: Sequence[str]) -> Judgement | None:
    """Judge an answer by the accepted ones; None when there are none. The first rule that holds says how.

    1. *exact*: the same text, but for blanks at its ends.
    2. *after normalising case and punctuation*: the same words, as VQA's official evaluation makes
       them (`processPunctuation` and `processDigitArticle` of `vqaEval.py` in GT-Vision-Lab/VQA; Antol
       et al., arXiv 1505.00468): lower case, no punctuation, no a, an, the. A point or a minus stays
       within a number, and a comma between thousands goes: "1,000" is "1000", "2.0" is "2".
    3. *number word equals digit*: the same words once "two" is "2" (VQA's map, from none and zero to
       ten, here to twenty).
    4. Yes and no: when that is expected, the first word decides and no later rule does.
    5. *the expected words stand in the answer*: all of them, whole, in a row ("The star is red." for
       "red", never "12" for "2"), unless a negation stands directly before ("not red", "no red"). A
       single letter must be written as expected and be no article: "A" is not in "a star".

    What else an answer says is not looked at: "red or blue" is right for "red". Unlike VQA's score,
    one accepted answer is enough, and there is no part of a point.
    """
    accepted = (expected,) if isinstance(expected, str) else tuple(expected)
    if not accepted:
        return None
    for how, holds in ((EXACT, _exact), (PLAIN, _plain), (NUMBER, _number), (FIRST, _first)):
        if any(holds(answer, each) for each in accepted):
            return Judgement(True, how)
    if any(_within(answer, each) for each in accepted):
        return Judgement(True, WITHIN)
    return Judgement(False, NONE)


def _exact(answer: str, expected: str) -> bool:
    return answer.strip() == expected.strip()


def _plain(answer: str, expected: str) -> bool:
    return _same(_words(answer), _words(expected))


def _number(answer: str, expected: str) -> bool:
    return _same(_counted(_words(answer)), _counted(_words(expected)))


def _first(answer: str, expected: str) -> bool:
    words = _words(answer)
    return _is_yes_no(expected) and bool(words) and [words[0].text] == _texts(_words(expected))


def _within(answer: str, expected: str) -> bool:
    if _is_yes_no(expected):
        return False
    if len(expected.strip()) == 1 and expected.strip().isalpha():
        return _has_letter(answer, expected.strip())
    words, wanted = _counted(_words(answer)), _texts(_counted(_words(expected)))
    if not wanted:
        return False
    return any(
        _texts(words[start : start + len(wanted)]) == wanted and not _negated(words, start)
        for start in range(len(words) - len(wanted) + 1)
    )


def _is_yes_no(expected: str) -> bool:
    return _texts(_words(expected)) in (["yes"], ["no"])


def _has_letter(answer: str, letter: str) -> bool:
    """Whether a single letter stands in the answer as it is written and as a word of its own."""
    for found in re.finditer(rf"(?<![\w'’]){re.escape(letter)}(?![\w'’])", answer):
        before, after = answer[: found.start()], answer[found.end() :]
        # "A star." begins with the article; "A. A star." and "A" with the letter.
        article = letter in "Aa" and not before.strip() and re.match(r"\s+\w", after)
        last = re.search(r"([\w'’]+)\s+$", before[-20:])
        negated = last and re.sub(r"['’]", "", last[1].lower()) in NEGATIONS
        if not article and not negated:
            return True
    return False


def _negated(words: Sequence[_Word], start: int) -> bool:
    return start > 0 and not words[start].begins and words[start - 1].text in NEGATIONS


def _same(one: Sequence[_Word], other: Sequence[_Word]) -> bool:
    return bool(one) and _texts(one) == _texts(other)


def _texts(words: Sequence[_Word]) -> list[str]:
    return [word.text for word in words]


def _counted(words: Sequence[_Word]) -> list[_Word]:
    return [_Word(NUMBERS.get(word.text, word.text), word.begins) for word in words]


def _words(text: str) -> list[_Word]:
    """The words in lower case, without punctuation and articles; an article alone stays."""
    found, begins = [], True
    for part in _spaced(text).split(" "):
        if part == "\n":
            begins = True
        elif part:
            found.append(_Word(_number_text(part), begins))
            begins = False
    kept: list[_Word] = []
    begins = False
    for word in found:
        begins = begins or word.begins
        if word.text not in ARTICLES:
            kept.append(_Word(word.text, begins))
            begins = False
    return kept or found


def _spaced(text: str) -> str:
    """Words with blanks between, a line break for what ends a clause, and no other punctuation."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("−", "-")
    text = re.sub(r"(?<=\w)['’](?=\w)", "", text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    out = []
    for index, character in enumerate(text):
        before, after = text[index - 1 : index], text[index + 1 : index + 2]
        kind = unicodedata.category(character)[0]
        inside = character == "." and before.isdecimal() and after.isdecimal()
        minus = character == "-" and after.isdecimal() and not before.isalnum()
        if kind in "LMN" or inside or minus:
            out.append(character)
        elif character in _ENDS:
            out.append(" \n ")
        elif kind == "S" or character == "%":
            out.append(f" {character} ")
        else:
            out.append(" ")
    return "".join(out)


def _number_text(word: str) -> str:
    """A decimal number without noughts at its end."""
    return re.sub(r"\.?0+$", "", word) if re.fullmatch(r"-?\d+\.\d+", word) else word
