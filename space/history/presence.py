"""Who works in a folder: a lock file for each process, which the system lets go with the process."""

import fcntl
import os
import secrets
from pathlib import Path

NAMED = "open-"


class Presence:
    """This process, seen in `folder` by others for as long as it lives, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.token = secrets.token_hex(8)
        # Locked before it has its name: nobody ever finds it unlocked while this process lives.
        unnamed = folder / f".{self.token}"
        self._file = os.open(unnamed, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.rename(unnamed, self._place)
        for other in folder.glob(f"{NAMED}*"):
            if other != self._place and not _is_locked(other):
                other.unlink(missing_ok=True)

    def is_alive(self, token: str) -> bool:
        """Whether the process with this token still works in the folder."""
        return token == self.token or _is_locked(self._folder / f"{NAMED}{token}")

    def close(self) -> None:
        self._place.unlink(missing_ok=True)
        os.close(self._file)

    @property
    def _place(self) -> Path:
        return self._folder / f"{NAMED}{self.token}"


def is_in_use(folder: Path) -> bool:
    """Whether any process works in a folder."""
    return any(map(_is_locked, folder.glob(f"{NAMED}*")))


def _is_locked(file: Path) -> bool:
    try:
        opened = os.open(file, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(opened)
    return False
