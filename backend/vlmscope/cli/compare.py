"""`vlmscope compare`: one image, one question, many variants."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from vlmscope.cli.output import DONE, FAILED, write_json
from vlmscope.values.errors import plain
from vlmscope.values.metrics import metrics_for
from vlmscope.values.result import Result
from vlmscope.values.run import Run, check_place
from vlmscope.values.run_file import result_facts
from vlmscope.values.selection import merges
from vlmscope.values.variant import Variant


def add_compare(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "compare", help="run variants on one image and question"
    )
    parser.add_argument("image", metavar="IMAGE", help="a PNG, JPEG or other image file")
    parser.add_argument("query", metavar="QUERY", help="the question")
    parser.add_argument("--base", metavar="B", help="a model folder or id (default: the shipped)")
    parser.add_argument("--revision", metavar="R", help="a branch, tag or commit of a model id")
    parser.add_argument(
        "--memory",
        type=float,
        metavar="GIB",
        help="ceiling of what may be held on the device (default: what is free)",
    )
    parser.add_argument(
        "-v",
        "--variant",
        action="append",
        metavar="VARIANT",
        help="KIND[:SOURCE][,name=value...], such as random:keep=50%%,seed=3; may be repeated "
        "(default: baseline)",
    )
    parser.add_argument("--max-new-tokens", type=int, default=128, metavar="N")
    parser.add_argument(
        "--measure",
        action="store_true",
        help="run each variant by itself, warmed up and repeated, for figures to compare",
    )
    parser.add_argument(
        "--repeats", type=int, metavar="N", help="how often with --measure (default: 3)"
    )
    parser.add_argument("--save", metavar="RUN.json", help="write the run, maps included")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.set_defaults(handle=_compare)


def _compare(arguments: argparse.Namespace) -> int:
    variants = [Variant.parse(line) for line in arguments.variant or ["baseline"]]

    # Imported here, so that a line that cannot be read is answered before torch is loaded.
    import transformers

    from vlmscope.cli.fetch import fetch
    from vlmscope.engine.base import SharedBase
    from vlmscope.engine.compare import run
    from vlmscope.engine.options import Options, check_query
    from vlmscope.values.images import open_image
    from vlmscope.variants.registry import make_kind

    transformers.utils.logging.disable_progress_bar()  # of loading weights; a download keeps its own
    for variant in variants:
        make_kind(variant)
    check_query(arguments.query)
    settings = {
        "max_new_tokens": arguments.max_new_tokens,
        "mode": "measured" if arguments.measure else "together",
        "repeats": arguments.repeats,
    }
    Options(**settings)
    image = open_image(arguments.image)
    if arguments.save:
        check_place(arguments.save)
    fetch(variants)
    base = SharedBase.load(arguments.base, revision=arguments.revision, memory_gib=arguments.memory)
    result = run(base, image, arguments.query, variants, **settings)
    if arguments.json:
        write_json(_document(result))
    else:
        _show(result)
    if arguments.save:  # last: a full disk must not cost the answers
        result.save(arguments.save)
    return FAILED if any(each.status == "failed" for each in result.results) else DONE


def _document(run: Run) -> dict[str, Any]:
    image = run.image
    return {
        "base": run.base,
        "stamp": run.stamp,
        "image": {
            "width": image.width,
            "height": image.height,
            "rows": image.rows,
            "cols": image.cols,
            "tokens": image.tokens,
        },
        "query": run.query,
        "results": [_result(each) for each in run.results],
    }


def _result(result: Result) -> dict[str, Any]:
    assign = result.assign
    return result_facts(result) | {
        "grid": result.grid,
        "kept": result.kept,
        "assign": assign.ravel() if assign is not None and merges(assign) else None,
    }


def _figures(result: Result) -> Iterator[str]:
    """Each figure of a measured run in a line: the median, its unit, and the spread."""
    for metric in metrics_for("measured"):
        if metric.key not in result.metrics:
            continue
        # Three digits that count: seconds of a small base would be lost in those of a large one.
        form = "{:.3g}" if metric.unit == "s" else f"{{:.{metric.digits}f}}"
        value = f"{form.format(result.metrics[metric.key])} {metric.unit}".rstrip()
        spread = result.spreads.get(metric.key)
        ends = f" ({form} to {form}, n {{}})"
        around = ends.format(spread.low, spread.high, spread.n) if spread else ""
        yield f"{metric.label}: {value}{around}"


def _show(run: Run) -> None:
    for result in run.results:
        tokens = f"{len(result.kept)} of {run.image.tokens} image tokens"
        heading = plain(result.variant.title)
        print(f"{heading} ({tokens})" if result.assign is not None else heading)
        for line in (result.error or result.answer or "(no answer)").splitlines():
            print(f"  {line}")
        for line in _figures(result) if run.stamp["mode"] == "measured" else ():
            print(f"  {line}")
        for warning in result.warnings:
            print(plain(f"{heading}: {warning}"), file=sys.stderr)
