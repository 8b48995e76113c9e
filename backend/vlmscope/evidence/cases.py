"""Cases run one after the other, each judged as it ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from vlmscope.engine.base import SharedBase
from vlmscope.engine.compare import parse_variants, run
from vlmscope.engine.options import Options
from vlmscope.evidence.judge import Judgement, judge
from vlmscope.evidence.suite import OTHER, Case
from vlmscope.values.errors import InputError
from vlmscope.values.run import Run
from vlmscope.values.variant import Variant


@dataclass(frozen=True, eq=False)
class CaseRun:
    """One case's outcome: a `run`, or the sentence by which the case was refused.

    `judgements` has every variant's id; None where nothing is expected, or the variant gave no whole
    answer. `seconds` is how long the case took, all variants together: no variant's latency.
    """

    case: Case
    run: Run | None
    judgements: Mapping[str, Judgement | None]
    error: str | None
    seconds: float


def run_cases(
    base: SharedBase,
    cases: Iterable[Case],
    variants: Sequence[Variant | str],
    *,
    skip: Collection[str] = frozenset(),
    stop: Callable[[], bool] | None = None,
    using: Callable[..., Run] = run,
    **options: Any,
) -> Iterator[CaseRun]:
    """Run the variants on each case whose id is not in `skip`; a refused one leaves the others alone.

    `stop` is asked between cases and within one; true ends all, and a case that it cut short is not
    given. Options are those of `compare`; `using` runs a case as `run` does. Raises InputError at once for
    variants or options that no case could be run with.
    """
    Options.of(options)
    return _run(base, cases, parse_variants(variants), frozenset(skip), stop, using, options)


def _run(
    base: SharedBase,
    cases: Iterable[Case],
    variants: Sequence[Variant],
    skip: Collection[str],
    stop: Callable[[], bool] | None,
    using: Callable[..., Run],
    options: Mapping[str, Any],
) -> Iterator[CaseRun]:
    told = False

    def ended() -> bool:
        nonlocal told
        told = told or (stop is not None and bool(stop()))
        return told

    for case in cases:
        if case.id in skip:
            continue
        if ended():
            return
        began = perf_counter()
        try:
            made = using(base, case.image, case.query, variants, stop=ended, **options)
        except InputError as error:
            sentence = str(error).replace(str(case.image), case.image.name)
            yield CaseRun(case, None, {}, sentence, perf_counter() - began)
            continue
        # A case that ran out of its own time has stopped variants too, and is given.
        if told and any(each.status == "stopped" for each in made.results):
            return
        judgements = {
            each.id: judge(each.answer, case.expected) if each.status == "done" else None
            for each in made.results
        }
        yield CaseRun(case, made, judgements, None, perf_counter() - began)


def product(
    images: Sequence[Path], questions: Sequence[str], types: Sequence[str] | None = None
) -> list[Case]:
    """Every question about every image, nothing expected: "2-1" is the second image's first question.

    `types` has a type for each question. Raises InputError when it has more or fewer.
    """
    if types is not None and len(types) != len(questions):
        raise InputError(
            f"There are {len(questions)} questions and {len(types)} types; give one for each."
        )
    kinds = types if types is not None else [OTHER] * len(questions)
    return [
        Case(f"{row}-{column}", kind, Path(image), question)
        for row, image in enumerate(images, 1)
        for column, (question, kind) in enumerate(zip(questions, kinds, strict=True), 1)
    ]
