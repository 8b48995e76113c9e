"""The process that reads pickles: started by `PickleReader`, with little memory and no torch.

It is given a length and that many bytes at a time, and answers with a line of JSON.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from contextlib import suppress
from typing import IO

from vlmscope.checkpoints.outline import outline
from vlmscope.values.errors import CheckpointError

MEMORY = 400 * 2**20
"""Bytes of address space, this Python's own among them."""
MOST = 8_000_000
"""Bytes of an answer: what tens of thousands of tensors take."""
LENGTHS = struct.Struct("<II")
"""Of the name and of the pickle."""


def main() -> None:
    """Answer until the pipe is closed."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # macOS knows no limit of address space
            resource.setrlimit(limit, (most, most))
    asked, told = sys.stdin.buffer, sys.stdout.buffer
    while len(lengths := asked.read(LENGTHS.size)) == LENGTHS.size:
        told.write(_answer(asked, *LENGTHS.unpack(lengths)) + b"\n")
        told.flush()


def _answer(asked: IO[bytes], name_length: int, length: int) -> bytes:
    name = asked.read(name_length).decode("utf-8", "replace")
    data = asked.read(length)
    try:
        said = outline(data, name)
    except CheckpointError as error:
        said = {"error": str(error)}
    except (MemoryError, RecursionError):
        said = {"error": f"{name} holds a pickle that needs too much memory; give another."}
    answer = json.dumps(said, allow_nan=False).encode()
    if len(answer) < MOST:
        return answer
    large = f"{name} holds a pickle that tells {len(answer):,} bytes of its tensors; give a smaller file."
    return json.dumps({"error": large}).encode()
