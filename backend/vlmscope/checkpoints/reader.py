"""`PickleReader`: outlines of pickles from a process with limits, one for as many files as are read."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from vlmscope.checkpoints.worker import LENGTHS, MOST
from vlmscope.values.errors import CheckpointError

SECONDS = 1.5
"""How long one pickle may take."""
STARTING = 10.0
"""How long the process may take to start, on a machine that is busy."""

_PACKAGES = str(Path(__file__).parents[2])
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); from vlmscope.checkpoints.worker import main; main()"
)


class PickleReader:
    """Starts its process when it is first asked; close it, or use it in a `with`. Safe for threads."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def outline(self, data: bytes, name: str) -> dict[str, Any]:
        """See `outline.outline`; raises CheckpointError, also when it takes too long or the process dies."""
        with self._lock:
            try:
                process = self._running()
                called = name.encode("utf-8", "replace")[:500]
                line = _exchange(process, LENGTHS.pack(len(called), len(data)) + called + data)
                said = json.loads(line)
            except (OSError, ValueError, TimeoutError):
                self._end()
                raise CheckpointError(
                    f"{name} holds a pickle that takes too long or too much memory to read; give "
                    "another, or save its tensors as .safetensors."
                ) from None
        if "error" in said:
            raise CheckpointError(said["error"])
        return said

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _PROGRAM, _PACKAGES],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                close_fds=True,
            )
            # An empty question: what starting takes is not in the first file's time.
            _exchange(self._process, LENGTHS.pack(0, 0), STARTING)
        return self._process

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # of what was not read
                    pipe.close()
        self._process = None

    def close(self) -> None:
        with self._lock:
            self._end()

    def __enter__(self) -> PickleReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _exchange(process: subprocess.Popen[bytes], question: bytes, seconds: float = SECONDS) -> bytes:
    """The line that answers a question; raises TimeoutError, or OSError when the process is gone.

    And OSError for a line longer than any answer.
    """
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(question)
    process.stdin.flush()
    ends = time.monotonic() + seconds
    parts: list[bytes] = []
    got = 0
    while not parts or not parts[-1].endswith(b"\n"):
        left = ends - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            raise TimeoutError
        part = process.stdout.read1(1 << 16)  # type: ignore[attr-defined]
        if not part:
            raise BrokenPipeError
        got += len(part)
        if got > MOST:
            raise OSError
        parts.append(part)
    return b"".join(parts)
