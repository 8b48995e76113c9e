"""What goes to stdout and stderr, and the exit codes."""

from __future__ import annotations

import sys
from typing import Any

from vlmscope.values import strict_json
from vlmscope.values.errors import plain

DONE = 0
FAILED = 1
UNUSABLE = 2


def write_json(document: Any) -> None:
    """The command's one JSON document."""
    print(strict_json.dumps(document, indent=2))


def complain(sentence: str, as_json: bool) -> None:
    """Say what is wrong on stderr, and in the document when one was asked for."""
    sentence = plain(sentence)
    print(f"vlmscope: {sentence}", file=sys.stderr)
    if as_json:
        write_json({"error": sentence})


def write_safely() -> None:
    """Let an answer in any script reach a terminal that cannot show it, escaped."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
