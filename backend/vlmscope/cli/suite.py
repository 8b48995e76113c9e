"""`vlmscope suite`: variants over many cases with known answers, and how often they are right."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlmscope.cli.output import DONE, FAILED, complain, write_json
from vlmscope.evidence.accuracy import Accuracies, Accuracy, accuracies
from vlmscope.evidence.suite import Suite, read_suite
from vlmscope.values.errors import InputError
from vlmscope.values.variant import Variant, with_unique_ids

if TYPE_CHECKING:
    from vlmscope.evidence.cases import CaseRun


def add_suite(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "suite", help="run variants on a file of cases, and tell how often they are right"
    )
    parser.add_argument(
        "suite", metavar="SUITE", help="JSON or JSONL: id, type, image, query, expected"
    )
    parser.add_argument("--base", metavar="B", help="a model folder or id (default: the shipped)")
    parser.add_argument(
        "-v",
        "--variant",
        action="append",
        metavar="VARIANT",
        help="as for compare; may be repeated (default: baseline)",
    )
    parser.add_argument("--max-new-tokens", type=int, default=128, metavar="N")
    parser.add_argument(
        "--save", metavar="FOLDER", help="write each case's run there as it ends, maps included"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.set_defaults(handle=_suite)


def _suite(arguments: argparse.Namespace) -> int:
    lines = arguments.variant or ["baseline"]
    variants = with_unique_ids([Variant.parse(line) for line in lines])
    suite = read_suite(arguments.suite, anywhere=True)

    # Imported here, so that a suite that cannot be read is refused before torch is loaded.
    import transformers

    from vlmscope.cli.fetch import fetch
    from vlmscope.engine.base import SharedBase
    from vlmscope.engine.options import Options
    from vlmscope.evidence.cases import run_cases
    from vlmscope.variants.registry import make_kind

    transformers.utils.logging.disable_progress_bar()
    for variant in variants:
        make_kind(variant)
    Options(max_new_tokens=arguments.max_new_tokens)
    shelf = _Shelf(arguments.save, len(suite.cases))
    fetch(variants)
    base = SharedBase.load(arguments.base)
    told: list[dict[str, Any]] = []
    rows: list[tuple[str, str, bool | None]] = []
    conditions: dict[str, Any] = {"base": base.describe(), "stamp": None}
    for each in run_cases(base, suite.cases, variants, max_new_tokens=arguments.max_new_tokens):
        print(f"{len(told) + 1} of {len(suite.cases)}  {_progress(each)}", file=sys.stderr)
        shelf.put(each)
        told.append(_told(each))
        rows += _rows(each, variants)
        if each.run is not None:
            conditions = {"base": each.run.base, "stamp": each.run.stamp}
    found = accuracies(rows)
    if arguments.json:
        write_json(_document(suite, variants, conditions, found, told))
    else:
        _show(suite, variants, found)
    whole = all(each["error"] is None for case in told for each in (case, *case["results"]))
    return DONE if whole and shelf.problem is None else FAILED


class _Shelf:
    """The folder that runs are saved in; one that fills up must not cost the answers."""

    def __init__(self, name: str | None, count: int) -> None:
        self.folder = None if name is None else Path(name)
        self.digits = len(str(count))
        self.written = 0
        self.problem: str | None = None
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(
                    f"{name!r} cannot be a folder for runs ({error.strerror}); choose another place."
                ) from error

    def put(self, each: CaseRun) -> None:
        """Save a case's run by its number and id, unless saving has failed before."""
        self.written += 1
        if self.folder is None or each.run is None or self.problem is not None:
            return
        id = re.sub(r"[^A-Za-z0-9._-]+", "_", each.case.id)[:80]
        try:
            each.run.save(self.folder / f"{self.written:0{self.digits}d}-{id}.json")
        except InputError as error:
            self.problem = str(error)
            complain(f"{self.problem} No further run is saved.", as_json=False)


def _progress(each: CaseRun) -> str:
    if each.run is None:
        return f"{each.case.id}: {each.error}"
    said = {True: "right", False: "wrong", None: "not judged"}
    parts = []
    for result in each.run.results:
        judged = each.judgements[result.id]
        parts.append(f"{result.id} {result.error or said[judged and judged.correct]}")
    return f"{each.case.id}: {', '.join(parts)}  ({each.seconds:.1f} s)"


def _rows(each: CaseRun, variants: Sequence[Variant]) -> Iterator[tuple[str, str, bool | None]]:
    """A row for each variant, also of a case that was refused: every case is in the total."""
    for variant in variants:
        judged = each.judgements.get(variant.id)
        yield variant.id, each.case.type, judged.correct if judged else None


def _told(each: CaseRun) -> dict[str, Any]:
    case = each.case
    results = []
    for result in each.run.results if each.run else ():
        judged = each.judgements[result.id]
        results.append(
            {
                "id": result.id,
                "status": result.status,
                "answer": result.answer,
                "correct": judged.correct if judged else None,
                "how": judged.how if judged else None,
                "error": result.error,
            }
        )
    return {
        "id": case.id,
        "type": case.type,
        "image": str(case.image),
        "query": case.query,
        "expected": case.expected,
        "error": each.error,
        "seconds": each.seconds,
        "results": results,
    }


def _document(
    suite: Suite,
    variants: Sequence[Variant],
    conditions: dict[str, Any],
    found: Accuracies,
    told: list[dict[str, Any]],
) -> dict[str, Any]:
    figures = [each for variant in variants for each in _figures(found, variant)]
    return {
        "suite": {"name": suite.name, "cases": len(suite.cases)},
        **conditions,
        "variants": [
            {"id": each.id, "variant": str(each), "title": each.title} for each in variants
        ],
        "accuracy": [
            {
                "variant": each.variant,
                "type": each.type,
                "correct": each.correct,
                "judged": each.judged,
                "total": each.total,
                "share": each.share,
                "low": each.low,
                "high": each.high,
            }
            for each in figures
        ],
        "cases": told,
    }


def _figures(found: Accuracies, variant: Variant) -> list[Accuracy]:
    by_type = [found.by_type[variant.id, kind] for kind in found.types]
    return [*by_type, found.overall[variant.id]]


def _show(suite: Suite, variants: Sequence[Variant], found: Accuracies) -> None:
    print(
        f"{suite.name}: {len(suite.cases)} cases. Right of judged, share, 95 % interval (Wilson)."
    )
    width = max(len(name) for name in (*found.types, "all"))
    for variant in variants:
        print(variant.title)
        for each in _figures(found, variant):
            print(f"  {each.type or 'all':{width}}  {_line(each)}")


def _line(each: Accuracy) -> str:
    rest = each.total - each.judged
    aside = f", {rest} not judged" if rest else ""
    if each.share is None or each.low is None or each.high is None:
        return f"none judged of {each.total}"
    figures = f"{each.share:.0%} ({each.low:.0%} to {each.high:.0%})".replace("%", " %")
    return f"{each.correct} of {each.judged}  {figures}{aside}"
