"""`vlmscope compare`: one image, one question, many variants."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from vlmscope.cli.output import DONE, FAILED, write_json
from vlmscope.values.errors import InputError
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
        "-v",
        "--variant",
        action="append",
        metavar="VARIANT",
        help="KIND[:SOURCE][,name=value...], such as random:keep=50%%,seed=3; may be repeated "
        "(default: baseline)",
    )
    parser.add_argument("--max-new-tokens", type=int, default=128, metavar="N")
    parser.add_argument(
        "--measure", action="store_true", help="isolated, repeated figures: refused in this version"
    )
    parser.add_argument("--save", metavar="RUN.json", help="write the run, maps included")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.set_defaults(handle=_compare)


def _compare(arguments: argparse.Namespace) -> int:
    if arguments.measure:
        raise InputError(
            "Measured runs (--measure) are not in this version; leave it out to run together."
        )
    variants = [Variant.parse(line) for line in arguments.variant or ["baseline"]]

    # Imported here, so that a line that cannot be read is answered before torch is loaded.
    import transformers

    from vlmscope.engine.base import SharedBase
    from vlmscope.engine.compare import run
    from vlmscope.engine.options import Options, check_query
    from vlmscope.values.images import open_image
    from vlmscope.variants.registry import make_kind

    transformers.utils.logging.disable_progress_bar()  # of loading weights; a download keeps its own
    for variant in variants:
        make_kind(variant)
    check_query(arguments.query)
    options = Options(max_new_tokens=arguments.max_new_tokens)
    image = open_image(arguments.image)
    if arguments.save:
        check_place(arguments.save)
    base = SharedBase.load(arguments.base, revision=arguments.revision)
    result = run(base, image, arguments.query, variants, max_new_tokens=options.max_new_tokens)
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


def _show(run: Run) -> None:
    for result in run.results:
        tokens = f"{len(result.kept)} of {run.image.tokens} image tokens"
        heading = result.variant.title
        print(f"{heading} ({tokens})" if result.assign is not None else heading)
        for line in (result.error or result.answer or "(no answer)").splitlines():
            print(f"  {line}")
        for warning in result.warnings:
            print(f"{heading}: {warning}", file=sys.stderr)
