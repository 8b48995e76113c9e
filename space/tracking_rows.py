"""What a tracker is told: flat rows of figures, without images, and without texts unless they are wanted."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from titles import base_name, heading, settings_line
from vlmscope import Judgement, Result, Run, Variant, judge
from vlmscope.evidence.accuracy import Accuracies, Accuracy
from vlmscope.evidence.cases import CaseRun

Row = dict[str, Any]


def config(run_stamp: Mapping[str, Any], variants: Iterable[Variant] = ()) -> Row:
    """The conditions of a tracked run: the base and what it runs on; variants by id, without folders."""
    known = {name: fact for name, fact in run_stamp.items() if name not in ("mode", "repeats")}
    known["base"] = base_name(str(run_stamp.get("base", "")))
    return known | {
        f"variant/{each.id}": " · ".join(filter(None, (heading(each), settings_line(each, {}))))
        for each in variants
    }


def comparison_row(run: Run, expected: str | None, has_texts: bool) -> Row:
    """A comparison as one row; answers are judged where one is expected."""
    verdicts = {
        each.id: judge(each.answer, [expected]) if expected and each.status == "done" else None
        for each in run.results
    }
    texts = {"question": run.query, "expected": expected or ""} if has_texts else {}
    return texts | _figures(run, verdicts, has_texts)


def case_row(done: CaseRun, has_texts: bool) -> Row:
    """A case of a batch as one row; of a refused one, that it was."""
    row: Row = {"case": done.case.id, "type": done.case.type, "seconds": done.seconds}
    if has_texts:
        row |= {"question": done.case.query, "expected": ", ".join(done.case.expected)}
    if done.run is None:
        return row | {"refused": 1}
    return row | _figures(done.run, done.judgements, has_texts)


def accuracy_row(found: Accuracies) -> Row:
    """The end of a batch: each variant's share of right answers with its 95 % interval, and by type."""
    row: Row = {}
    for variant, overall in found.overall.items():
        row |= dict(_shares(f"{variant}/accuracy", overall))
        for kind in found.types if len(found.types) > 1 else ():
            row |= dict(_shares(f"{variant}/accuracy/{kind}", found.by_type[variant, kind]))
    return row


def _shares(name: str, figure: Accuracy) -> Iterator[tuple[str, float]]:
    for part, share in (("", figure.share), ("_low", figure.low), ("_high", figure.high)):
        if share is not None:
            yield name + part, share


def _figures(run: Run, verdicts: Mapping[str, Judgement | None], has_texts: bool) -> Row:
    mode = str(run.stamp.get("mode", ""))
    row: Row = {"mode": mode, "image_tokens_total": run.image.tokens}
    for result in run.results:
        for name, value in _of(result, mode, verdicts.get(result.id), has_texts):
            row[f"{result.id}/{name}"] = value
    return row


def _of(
    result: Result, mode: str, verdict: Judgement | None, has_texts: bool
) -> Iterator[tuple[str, Any]]:
    yield "failed", int(result.status == "failed")
    if result.assign is not None:
        yield "image_tokens", len(result.kept)
    if verdict is not None:
        yield "correct", int(verdict.correct)
    if has_texts:
        yield "answer", result.answer
    for key, value in result.metrics.items():
        if key.endswith(("_s", "_s_per_token")) and key != "tokens_per_s":
            # Seconds of the two ways to run are no figures of the same kind.
            yield f"{mode}/{key}", value
