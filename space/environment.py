"""What the environment tells the app, checked once, at start."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from settings import BadSetting, Settings
from vlmscope.checkpoints.hub_place import hub_place
from vlmscope.values.errors import CheckpointError, plain

Default = TypeVar("Default", int, None)

LEAST_SECRET = 16
"""Characters."""
TRACKERS = ("trackio", "wandb")
DEVICES = ("cpu", "cuda")
DTYPES = ("float16", "bfloat16", "float32")


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`; raises BadSetting with one sentence."""
    is_space = environment.get("SYSTEM") == "spaces"
    space = (environment.get("SPACE_ID") or None) if is_space else None
    everywhere = "0.0.0.0"
    return Settings(
        base=environment.get("BASE") or None,
        revision=_revision(environment),
        device=_choice(environment, "DEVICE", DEVICES),
        dtype=_choice(environment, "DTYPE", DTYPES),
        # An IPv6 address may come in the brackets that it has in a URL.
        host=environment.get("HOST", "").strip("[]") or (everywhere if space else Settings.host),
        port=_integer(environment, "PORT", Settings.port, 1, 65535),
        checkpoints=_places(environment),
        hub=_repositories(environment),
        hub_cache_gib=_gib(environment, "HUB_CACHE_GIB"),
        max_new_tokens=_integer(environment, "MAX_NEW_TOKENS", Settings.max_new_tokens, 1, 4096),
        max_image_megapixels=_integer(
            environment, "MAX_IMAGE_MEGAPIXELS", Settings.max_image_megapixels, 1, 50
        ),
        users=_integer(environment, "USERS", None, 1, 64),
        queue=_integer(environment, "QUEUE", Settings.queue, 1, 1000),
        per_person=_integer(environment, "PER_PERSON", None, 1, 64),
        timeout=_integer(environment, "TIMEOUT", None, 1, 3600),
        threads=_integer(environment, "THREADS", None, 1, 256),
        memory_gib=_ceiling(environment),
        heads=_integer(environment, "HEADS", None, 1, 64),
        max_variants=_integer(environment, "MAX_VARIANTS", Settings.max_variants, 1, 64),
        max_batch=_integer(environment, "MAX_BATCH", Settings.max_batch, 1, 100_000),
        recorded=_folder(environment, "RECORDED", is_there=True),
        history=_folder(environment, "HISTORY"),
        history_gib=_gib(environment, "HISTORY_GIB"),
        secret=_secret(environment),
        track=_tracker(environment),
        track_project=environment.get("TRACK_PROJECT", "").strip() or Settings.track_project,
        log=_yes(environment, "LOG"),
        log_questions=_yes(environment, "LOG_QUESTIONS") or False,
        track_questions=_yes(environment, "TRACK_QUESTIONS") or False,
        public=_yes(environment, "PUBLIC"),
        space=space,
        sign_in=space is not None and bool(environment.get("OAUTH_CLIENT_ID")),
    )


def on_zero_gpu(environment: Mapping[str, str]) -> bool:
    """Whether a GPU is lent for single tasks, as the package `spaces` decides it."""
    return environment.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def read_or_exit() -> Settings:
    """The settings of this process, or its end with the sentence that says what is wrong."""
    try:
        return read(os.environ)
    except BadSetting as problem:
        sys.exit(f"vlmscope: {problem}")


def _integer(
    environment: Mapping[str, str], name: str, default: Default, low: int, high: int
) -> int | Default:
    text = environment.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or not low <= int(text) <= high:
        raise BadSetting(
            f"{name}={text} is no whole number from {low} to {high}; set one or unset it."
        )
    return int(text)


def _gib(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text) or not float(text):
        raise BadSetting(f"{name}={text} is no number of GiB; set one such as 14.5, or unset it.")
    return float(text)


def _ceiling(environment: Mapping[str, str]) -> float | None:
    ceiling = _gib(environment, "MEMORY_GIB")
    if ceiling is not None and on_zero_gpu(environment):
        raise BadSetting(
            f"MEMORY_GIB={ceiling:g} cannot be kept on ZeroGPU, which lends a card for one task at a time; "
            "unset it."
        )
    return ceiling


def _choice(environment: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str | None:
    """One of the choices; None for `auto`, and where it is not set."""
    text = environment.get(name, "").strip().lower()
    if text in ("", "auto"):
        return None
    if text not in choices:
        allowed = f"auto, {', '.join(choices[:-1])} or {choices[-1]}"
        raise BadSetting(f"{name}={plain(text, 200)} cannot be used; set {allowed}, or unset it.")
    return text


def _revision(environment: Mapping[str, str]) -> str | None:
    text = environment.get("REVISION", "").strip()
    if text and not environment.get("BASE"):
        raise BadSetting(
            f"REVISION={plain(text, 200)} is of no base; set BASE to a model id of the Hub, or unset it."
        )
    return text or None


def _repositories(environment: Mapping[str, str]) -> tuple[str, ...]:
    names = tuple(filter(None, re.split(r"[\s,]+", environment.get("HUB", ""))))
    for name in names:
        if not _is_repository(name):
            raise BadSetting(
                f"HUB names {plain(name, 200)}, which is no repository or owner; name some such as "
                "owner/name, spaces/owner/name or owner, with spaces between them."
            )
    return names


def _is_repository(name: str) -> bool:
    if "/" not in name:
        return bool(re.fullmatch(r"\w[\w.-]*", name, re.ASCII))
    try:
        return hub_place(f"hf://{name}").path is None
    except CheckpointError:
        return False


def _folder(environment: Mapping[str, str], name: str, is_there: bool = False) -> Path | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    folder = Path(text).expanduser()
    if is_there and not folder.is_dir():
        raise BadSetting(f"{name}={text} is no folder; name one that is there, or unset it.")
    if folder.exists() and not folder.is_dir():
        raise BadSetting(f"{name}={text} is a file; name a folder, which is made if there is none.")
    return folder


def _secret(environment: Mapping[str, str]) -> str | None:
    text = environment.get("SECRET", "").strip()
    if text and len(text) < LEAST_SECRET:
        # Its value is not said: it is a secret.
        raise BadSetting(
            f"SECRET has {len(text)} characters; give at least {LEAST_SECRET}, or unset it."
        )
    return text or None


def _tracker(environment: Mapping[str, str]) -> str | None:
    text = environment.get("TRACK", "").strip().lower()
    if text and text not in TRACKERS:
        raise BadSetting(f"TRACK={text} is no tracker; set {' or '.join(TRACKERS)}, or unset it.")
    return text or None


def _yes(environment: Mapping[str, str], name: str) -> bool | None:
    text = environment.get(name, "").strip().lower()
    if text not in ("", "0", "1", "no", "yes", "false", "true"):
        raise BadSetting(f"{name}={text} is neither yes nor no; set one of them, or unset it.")
    return text in ("1", "yes", "true") if text else None


def _places(environment: Mapping[str, str]) -> tuple[str, ...]:
    places = tuple(p for p in environment.get("CHECKPOINTS", "").split(os.pathsep) if p)
    for place in places:
        if not Path(place).exists():
            raise BadSetting(
                f"CHECKPOINTS names {place}, which is not there; name folders or files, "
                f"with {os.pathsep} between them."
            )
    return places
