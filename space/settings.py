"""What the app is told by environment variables, checked once, at start."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vlmscope.checkpoints.hub_place import hub_place
from vlmscope.values.errors import CheckpointError, plain

Default = TypeVar("Default", int, None)


class BadSetting(ValueError):
    """An environment variable holds something unusable; the message names it and the way out."""


@dataclass(frozen=True)
class Settings:
    """The app's settings, each from the environment variable of its name in capitals."""

    base: str | None = None
    """Model id or folder of the base; none: chosen by the hardware."""
    host: str = "127.0.0.1"
    port: int = 7860
    """The first port to try."""
    checkpoints: tuple[str, ...] = ()
    """Folders or files with checkpoints to offer beside those that ship."""
    hub: tuple[str, ...] = ()
    """Repositories on the Hub to offer; on a shared server, with owners, all that may be read there."""
    hub_cache_gib: float | None = None
    """How much of the Hub's cache is kept, in GiB; none: the cache is left alone."""
    max_new_tokens: int = 128
    """The longest answer, in tokens."""
    max_image_megapixels: int = 16
    """The largest image, in millions of pixels."""
    users: int = 2
    """How many comparisons run at the same time; others wait in the queue."""
    threads: int | None = None
    """How many threads PyTorch computes with; none: its own choice."""
    memory_gib: float | None = None
    """The ceiling of all that the base holds on its device, in GiB; none: what is free at start."""
    heads: int | None = None
    """How many ARR-COC heads stay loaded; none: 2 on a GPU of 16 GiB or less, else 4."""
    space: str | None = None
    """`owner/name` of the Hugging Face Space that this is, if it is one."""

    @property
    def max_image_pixels(self) -> int:
        """The most pixels that round to `max_image_megapixels`: a camera of 16 has a few more."""
        return self.max_image_megapixels * 1_000_000 + 499_999

    @property
    def hub_cache_bytes(self) -> int | None:
        return None if self.hub_cache_gib is None else int(self.hub_cache_gib * 2**30)

    @property
    def is_private(self) -> bool:
        """Whether only this machine can reach the app."""
        return self.space is None and self.host in ("127.0.0.1", "localhost", "::1")


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`; raises BadSetting with one sentence."""
    space = environment.get("SPACE_ID") or None
    everywhere = "0.0.0.0"
    return Settings(
        base=environment.get("BASE") or None,
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
        users=_integer(environment, "USERS", Settings.users, 1, 64),
        threads=_integer(environment, "THREADS", None, 1, 256),
        memory_gib=_gib(environment, "MEMORY_GIB"),
        heads=_integer(environment, "HEADS", None, 1, 64),
        space=space,
    )


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


def _places(environment: Mapping[str, str]) -> tuple[str, ...]:
    places = tuple(p for p in environment.get("CHECKPOINTS", "").split(os.pathsep) if p)
    for place in places:
        if not Path(place).exists():
            raise BadSetting(
                f"CHECKPOINTS names {place}, which is not there; name folders or files, "
                f"with {os.pathsep} between them."
            )
    return places
