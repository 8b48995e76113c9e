"""What the views of a batch show of each case: words and figures, no maps, so that thousands are light."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from history.values import Case
from titles import without_folder
from vlmscope import Result, Run
from vlmscope.evidence.cases import CaseRun
from vlmscope.evidence.judge import Judgement
from vlmscope.values.errors import shortened

MAX_ANSWER = 300


@dataclass(frozen=True)
class Outcome:
    """What one variant made of a case.

    `tokens` is how many image tokens were kept. `correct` is None where nothing was expected or no
    whole answer came, and `how` names the rule. `seconds` is a measured latency, None of a together
    run.
    """

    status: str
    answer: str = ""
    tokens: int | None = None
    correct: bool | None = None
    how: str | None = None
    seconds: float | None = None
    error: str | None = None


@dataclass(frozen=True)
class Row:
    """One finished case: an outcome for each variant's id, or the sentence that refused it.

    `seconds` is how long the case took, all variants together.
    """

    case: str
    seconds: float
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    error: str | None = None


def row_of(done: CaseRun) -> Row:
    """The row of a case that was run."""
    outcomes = {}
    if done.run is not None:
        outcomes = {
            each.id: _outcome(done.run, each, done.judgements[each.id]) for each in done.run.results
        }
    return Row(done.case.id, done.seconds, outcomes, done.error)


def row_of_kept(case: Case, is_measured: bool) -> Row:
    """The row of a case as the history has it."""
    outcomes = {
        each.id: Outcome(
            status=each.status,
            answer=shortened(each.answer, MAX_ANSWER),
            tokens=None if each.image_tokens is None else round(each.image_tokens),
            correct=each.correct,
            how=each.how or None,
            seconds=each.total_s if is_measured else None,
            error=each.error,
        )
        for each in case.answers
    }
    return Row(case.id, case.seconds or 0.0, outcomes, case.error)


def _outcome(run: Run, result: Result, judged: Judgement | None) -> Outcome:
    tokens = result.metrics.get("image_tokens")
    is_measured = run.stamp.get("mode") == "measured"
    return Outcome(
        status=result.status,
        answer=shortened(result.answer, MAX_ANSWER),
        tokens=None if tokens is None else round(tokens),
        correct=judged.correct if judged else None,
        how=judged.how if judged else None,
        seconds=result.metrics.get("total_s") if is_measured else None,
        error=result.error and without_folder(result.error, result.variant),
    )
