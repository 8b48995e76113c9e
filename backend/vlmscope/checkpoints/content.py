"""Files known by what is in them: the same checkpoint under two names is one."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG


def content_key(*paths: Path) -> str:
    """A digest of the files' bytes, in order; those that do not exist count as empty."""
    digests = (_digest(*_stamp(path)) for path in paths)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _stamp(path: Path) -> tuple[str, tuple[int, ...] | None]:
    """Where a file lies and what tells that it changed; None for what is no file.

    Who writes a file may set its time, and not the time when it was set.
    """
    real = os.path.realpath(path)
    try:
        stat = os.stat(real)
    except (OSError, ValueError):
        return real, None
    if not S_ISREG(stat.st_mode):
        return real, None
    return real, (stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)


@lru_cache(maxsize=4096)
def _digest(path: str, stamp: tuple[int, ...] | None) -> str:
    if stamp is None:
        return ""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
