"""A history's folder for as long as its process lives, and an end to those of processes that were killed."""

import os
import shutil
import tempfile
import time
from pathlib import Path

from history.presence import is_in_use

PREFIX = "vlmscope-history-"
YOUNG_SECONDS = 600
"""A folder so young may be one that its process has not entered yet."""


def new_folder() -> Path:
    """An empty folder that only this user may read."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if _is_abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=PREFIX))


def _is_abandoned(folder: Path) -> bool:
    try:
        status = folder.lstat()
        is_own = folder.is_dir() and not folder.is_symlink() and status.st_uid == os.getuid()
        is_old = time.time() - status.st_mtime > YOUNG_SECONDS
        return is_own and is_old and not is_in_use(folder)
    except OSError:
        return False
