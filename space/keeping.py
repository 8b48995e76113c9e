"""What outlives the app: the folder of the history, and the secret by which browsers are known again."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from environment import LEAST_SECRET
from settings import BadSetting, Settings

SECRET_FILE = "secret"


def lasting(
    settings: Settings, environment: Mapping[str, str] = os.environ
) -> tuple[Settings, str]:
    """The settings with the history's folder and secret that hold when none are set, and a notice.

    At the desk the folder is one of the user's data, and the secret lies in it; where that cannot
    be, the notice says that the history ends with the app. A shared server and a Space have neither,
    unless they are told where. Raises BadSetting when a folder that was named cannot be used.
    """
    if settings.history:
        return _kept_in(settings.history, settings), ""
    if not settings.where.keeps:
        return settings, ""
    try:
        return _kept_in(data_folder(environment), settings), ""
    except BadSetting as problem:
        return settings, f"The history ends with the app: {problem}"


def _kept_in(folder: Path, settings: Settings) -> Settings:
    return replace(settings, history=folder, secret=settings.secret or kept_secret(folder))


def data_folder(environment: Mapping[str, str]) -> Path:
    """Where this user's programs keep their data, by the XDG Base Directory specification 0.8."""
    told = environment.get("XDG_DATA_HOME", "")
    # A relative one is to be ignored, the specification says.
    home = told if os.path.isabs(told) else os.path.expanduser("~/.local/share")
    return Path(home) / "vlmscope"


def kept_secret(folder: Path) -> str:
    """The secret that lies in a folder, a new one if there is none; both are this user's alone."""
    file = folder / SECRET_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            _write_first(file, secrets.token_urlsafe(32))
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            f"The secret {file} cannot be kept ({error}); mend its permissions, set HISTORY to "
            "another folder, or set SECRET."
        ) from error
    if len(secret) < LEAST_SECRET:
        raise BadSetting(
            f"{file} holds {len(secret)} characters and no secret; delete it, or set SECRET."
        )
    return secret


def _write_first(file: Path, text: str) -> None:
    """Write a file whole or not at all; of two that try at once, one's is there for both."""
    part = file.with_name(f".{file.name}-{secrets.token_hex(8)}")
    handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        with suppress(FileExistsError):
            os.link(part, file)
    finally:
        part.unlink()
