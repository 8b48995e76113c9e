"""Files known by what is in them: the same checkpoint under two names is one."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path


def content_key(*paths: Path) -> str:
    """A digest of the files' bytes, in order; those that do not exist count as empty."""
    digests = (_digest(*_stamp(path)) for path in paths)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _stamp(path: Path) -> tuple[str, int, int]:
    real = os.path.realpath(path)
    try:
        stat = os.stat(real)
    except OSError:
        return real, 0, -1
    return real, stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=4096)
def _digest(path: str, changed: int, size: int) -> str:
    if size < 0:
        return ""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
