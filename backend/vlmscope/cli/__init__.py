"""The command `vlmscope`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from vlmscope.cli.checkpoints import add_check, add_checkpoints
from vlmscope.cli.compare import add_compare
from vlmscope.cli.output import DONE, UNUSABLE, complain, write_safely
from vlmscope.cli.suite import add_suite
from vlmscope.values.errors import VlmscopeError

INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, as JSON too when the line asks for it."""

    as_json = False

    def error(self, message: str) -> NoReturn:
        if not type(self).as_json:
            self.print_usage(sys.stderr)
        complain(message[:1].upper() + message[1:].rstrip(".") + ".", type(self).as_json)
        sys.exit(UNUSABLE)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 1 some variant failed or a checkpoint is refused, 2 unusable input."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _Parser.as_json = "--json" in arguments
    parser = _Parser(
        prog="vlmscope",
        description="Compare variants of one vision-language model on one image and question.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (add_compare, add_suite, add_checkpoints, add_check):
        add(commands)
    parsed = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    write_safely()
    try:
        code = parsed.handle(parsed)
        sys.stdout.flush()
        return code
    except VlmscopeError as error:
        complain(str(error), parsed.json)
        return UNUSABLE
    except BrokenPipeError:
        # Whoever read stdout has left; nothing more is written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
