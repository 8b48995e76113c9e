"""`vlmscope checkpoints` and `vlmscope check`: what lies there, and whether it would load."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from vlmscope.checkpoints.check import check_checkpoint
from vlmscope.checkpoints.peek import discover
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.checkpoints.table import best, filtered, metric_names, ordered
from vlmscope.cli.output import DONE, FAILED, write_json
from vlmscope.values.errors import InputError, plain, shown

MAX_PART = 200
"""Characters of a name or a base on a line."""


def add_checkpoints(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "checkpoints", help="list the checkpoints in files and folders, without loading them"
    )
    parser.add_argument("places", nargs="+", metavar="PLACE", help="a file or a folder")
    parser.add_argument(
        "--sort", metavar="BY", default="modified", help="a field or a metric (default: modified)"
    )
    parser.add_argument(
        "--kind",
        action="append",
        metavar="KIND",
        help="only arr-coc, lora, model, optimizer, unknown",
    )
    parser.add_argument("--find", metavar="TEXT", default="", help="only with these words")
    parser.add_argument("--best", metavar="METRIC", help="only the best by this metric")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.set_defaults(handle=_checkpoints)


def add_check(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check", help="say whether a checkpoint would load, and on which base"
    )
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a file or a folder")
    parser.add_argument("--base", metavar="B", help="a model folder or id it should fit")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.set_defaults(handle=_check)


def _checkpoints(arguments: argparse.Namespace) -> int:
    found = filtered(discover(*arguments.places), arguments.find, arguments.kind or ())
    if found:
        found = ordered(found, arguments.sort)
    if arguments.best is not None:
        one = best(found, arguments.best)
        if one is None:
            raise InputError(
                f"No checkpoint there tells {shown(arguments.best)}; it is one of "
                f"{', '.join(metric_names(found)) or 'none'}."
            )
        found = [one]
    if arguments.json:
        write_json([each.to_dict() for each in found])
        return DONE
    for each in found:
        print(_line(each))
        for warning in each.warnings:
            print(plain(f"{each.name}: {warning}"), file=sys.stderr)
    if not found:
        print("No checkpoints there.")
    return DONE


def _check(arguments: argparse.Namespace) -> int:
    hidden_size, linear = None, None
    if arguments.base is not None:
        from vlmscope.engine.adapters import linear_modules
        from vlmscope.engine.loading import find_base, unloaded

        base = find_base(arguments.base)
        hidden_size, linear = base.hidden_size, linear_modules(unloaded(base))
    report = check_checkpoint(arguments.checkpoint, hidden_size, linear)
    if arguments.json:
        write_json(report.to_dict())
    elif report.ok:
        print(plain(f"It would load, on {report.fits}."))
    else:
        print(plain(str(report.reason)))
    return DONE if report.ok else FAILED


def _line(each: Checkpoint) -> str:
    size = f"{(each.bytes or 0) / 2**20:.2f} MiB"
    parts = [each.name, each.kind or "unknown", size, (each.modified or "")[:16]]
    parts += [f"epoch {each.epoch}"] if each.epoch is not None else []
    parts += [f"step {each.step}"] if each.step is not None else []
    parts += [f"fits {each.fits}"] if each.fits else []
    parts += [f"{key} {value:g}" for key, value in list((each.metrics or {}).items())[:4]]
    return plain("  ".join(plain(part, MAX_PART) for part in parts))
