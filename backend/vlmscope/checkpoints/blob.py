"""Bytes of a file, wherever it lies: read in pieces, and counted."""

from __future__ import annotations

import os
from stat import S_ISREG
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
            # A pipe that took the file's place since it was looked at is not waited for.
            self._file = open(path, "rb", buffering=0, opener=_open)  # noqa: SIM115, closed by close()
            self.stat = os.fstat(self._file.fileno())
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from error
        if not S_ISREG(self.stat.st_mode):
            self._file.close()
            raise CheckpointError(f"{self.name} is no regular file; give a .safetensors file.")
        self.size = self.stat.st_size

    def read(self, start: int, length: int) -> bytes:
        data = bytearray(length)
        self.fill(start, memoryview(data))
        return bytes(data)

    def fill(self, start: int, into: memoryview) -> None:
        """As `read`, into memory that is there already."""
        done = 0
        try:
            while done < len(into):
                got = os.preadv(self._file.fileno(), [into[done:]], start + done)
                if not got:
                    raise CheckpointError(
                        f"{self.name} ends before byte {start + len(into):,}; it is cut short, or still "
                        "being written."
                    )
                done += got
        except OSError as error:
            raise self._unreadable(error) from error
        self.moved += done

    def check_unchanged(self) -> None:
        """Raise CheckpointError when the file was written to since it was opened."""
        now = os.fstat(self._file.fileno())
        if (now.st_mtime_ns, now.st_size) != (self.stat.st_mtime_ns, self.stat.st_size):
            raise CheckpointError(f"{self.name} was changed while it was read; try again.")

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> LocalBlob:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _unreadable(self, error: OSError | ValueError) -> CheckpointError:
        why = getattr(error, "strerror", None) or error
        return CheckpointError(f"{self.name} cannot be read ({why}); check the path.")


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
