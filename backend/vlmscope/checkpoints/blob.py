"""Bytes of a file, wherever it lies: read in pieces, and counted."""

from __future__ import annotations

import os
from typing import Protocol

from vlmscope.values.errors import CheckpointError


class Blob(Protocol):
    """A file's name and size in bytes, and pieces of it. `moved` counts the bytes that were read."""

    name: str
    size: int
    moved: int

    def read(self, start: int, length: int) -> bytes:
        """So many bytes from `start`, exactly; raises CheckpointError when they cannot be had."""
        ...


class LocalBlob:
    """A file on disk; close it, or use it in a `with`."""

    def __init__(self, path: str | os.PathLike[str], name: str | None = None) -> None:
        self.name = os.path.basename(os.fspath(path)) if name is None else name
        self.moved = 0
        try:
            self._file = open(path, "rb", buffering=0)  # noqa: SIM115, closed by close()
            self.size = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise self._unreadable(error) from error

    def read(self, start: int, length: int) -> bytes:
        parts: list[bytes] = []
        left = length
        try:
            while left:
                part = os.pread(self._file.fileno(), left, start + length - left)
                if not part:
                    raise CheckpointError(
                        f"{self.name} ends before byte {start + length:,}; it is cut short, or still "
                        "being written."
                    )
                parts.append(part)
                left -= len(part)
        except OSError as error:
            raise self._unreadable(error) from error
        self.moved += length
        return b"".join(parts)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> LocalBlob:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _unreadable(self, error: OSError) -> CheckpointError:
        return CheckpointError(f"{self.name} cannot be read ({error.strerror}); check the path.")
