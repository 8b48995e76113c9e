"""What the history tells: entries, their cases and answers, as plain data without images' pixels."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from vlmscope import VlmscopeError

Kind = Literal["comparison", "batch"]
State = Literal["running", "paused", "stopped", "done"]
KINDS: tuple[Kind, ...] = ("comparison", "batch")


class HistoryError(VlmscopeError):
    """The history cannot keep, read or change something; the sentence says why and the way out."""


class NotThere(HistoryError):
    """An entry that does not exist, or is somebody else's: which of both is not said."""


@dataclass(frozen=True)
class Answer:
    """One variant's answer to one case; `variant` is its line, `image_tokens` and `total_s` as measured.

    `correct` is None when nothing was expected or no whole answer came; `how` is the rule that held.
    """

    id: str
    variant: str
    title: str
    status: str
    answer: str
    image_tokens: float | None
    total_s: float | None
    correct: bool | None
    how: str
    error: str | None


@dataclass(frozen=True)
class Case:
    """One question about one image; `thumbnail` is a data URL, empty when no image could be read.

    `error` is the sentence by which the case was refused; `seconds` all its variants together.
    """

    id: str
    type: str
    question: str
    expected: tuple[str, ...]
    thumbnail: str
    error: str | None
    seconds: float | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Tally:
    """Of `total` answers of a variant, `judged` had an expected one and `correct` were right."""

    id: str
    title: str
    correct: int
    judged: int
    total: int


@dataclass(frozen=True)
class Entry:
    """A comparison or a batch as a list shows it. `case` is a comparison's only one, None for a batch.

    `kept` of `total` cases are there; `state` is "done" for a comparison. `votes` are variants' ids.
    `stamp` and `options` are the conditions of a comparison, empty for a batch.
    """

    id: int
    kind: Kind
    when: datetime
    title: str
    thumbnail: str
    notes: str
    tags: tuple[str, ...]
    rating: int | None
    votes: tuple[str, ...]
    state: State
    kept: int
    total: int
    tallies: tuple[Tally, ...]
    case: Case | None
    stamp: Mapping[str, Any]
    options: Mapping[str, Any]

    @property
    def expected(self) -> str | None:
        """What a comparison's answers are judged by, where that is known."""
        return next(iter(self.case.expected), None) if self.case else None


@dataclass(frozen=True)
class Batch:
    """A batch: its plan as it was given, and the cases that are kept, in the order they were kept."""

    entry: Entry
    plan: Mapping[str, Any]
    cases: tuple[Case, ...]

    @property
    def state(self) -> State:
        return self.entry.state
