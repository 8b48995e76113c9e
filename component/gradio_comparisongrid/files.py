"""Files written whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from secrets import token_hex


def write_whole(path: str | os.PathLike, content: bytes) -> Path:
    """Write a file that a reader meets as it was or as it is now, never in part; give its path.

    A link is followed to the file that it names. Raises OSError with that path, and what was
    there stays, for a folder, for what is no plain file, and when the disk or a right is lacking.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it")
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is no plain file: name another")
    unfinished = target.with_name(f".{token_hex(8)}.part")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, unfinished)
        unfinished.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
    return Path(path)
