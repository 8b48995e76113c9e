"""What the app is told by environment variables, checked once, at start."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from vlmscope.checkpoints.hub_place import hub_place
from vlmscope.values.errors import CheckpointError, plain
from whereabouts import Whereabouts, whereabouts

Default = TypeVar("Default", int, None)


LEAST_SECRET = 16
TRACKERS = ("trackio", "wandb")
STRANGERS_EACH = 2
STRANGERS_SECONDS = 120
DEVICES = ("cpu", "cuda")
DTYPES = ("float16", "bfloat16", "float32")
STRANGERS_HISTORY = 256 * 2**20
"""Bytes of one person's history on a shared server, unless it is told otherwise."""


class BadSetting(ValueError):
    """An environment variable holds something unusable; the message names it and the way out."""


@dataclass(frozen=True)
class Settings:
    """The app's settings, each from the environment variable of its name in capitals."""

    base: str | None = None
    """Model id or folder of the base; none: chosen by the hardware."""
    revision: str | None = None
    """The base's branch, tag or commit on the Hub; none: its main branch as it is at start."""
    device: str | None = None
    """What the base runs on, `cpu` or `cuda`; none: a GPU where there is one."""
    dtype: str | None = None
    """The numbers it computes in; none: chosen by the device."""
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
    users: int | None = None
    """How many comparisons run at the same time; none: 1 with a GPU, else 2."""
    queue: int = 32
    """How many comparisons may wait for those that run."""
    per_person: int | None = None
    """How many comparisons of one person may run or wait; none: 2 where strangers come, else any."""
    timeout: int | None = None
    """How long one comparison may take, in seconds; none: 120 where strangers come, else the engine's."""
    threads: int | None = None
    """How many threads PyTorch computes with; none: its own choice."""
    memory_gib: float | None = None
    """The ceiling of all that the base holds on its device, in GiB; none: what is free at start."""
    heads: int | None = None
    """How many ARR-COC heads stay loaded; none: 2 on a GPU of 16 GiB or less, else 4."""
    max_variants: int = 16
    """The most variants of one comparison."""
    max_batch: int = 4096
    """The most cases of one batch."""
    recorded: Path | None = None
    """A folder of saved runs that are shown as recorded; none: there are none."""
    history: Path | None = None
    """The folder of everyone's history; none: it lives as long as a person's visit."""
    history_gib: float | None = None
    """The most that one person's history may take, in GiB; none: at the desk what the disk holds."""
    secret: str | None = None
    """What a browser's own key is sealed with; none: a new one at every start."""
    track: str | None = None
    """The tracker that figures go to, `trackio` or `wandb`; none: figures are not tracked."""
    track_project: str = "vlmscope"
    """The tracker's project."""
    track_questions: bool = False
    """Whether questions and answers are tracked beside the figures."""
    log: bool | None = None
    """Whether the log has a line for each comparison; none: anywhere but at the desk."""
    log_questions: bool = False
    """Whether that line has the question too."""
    public: bool | None = None
    """Whether strangers come; none: as `whereabouts` tells it."""
    space: str | None = None
    """`owner/name` of the Hugging Face Space that this is, if it is one."""
    sign_in: bool = False
    """Whether people may sign in with their account of the Hub: a Space can have that."""

    @property
    def max_image_pixels(self) -> int:
        """The most pixels that round to `max_image_megapixels`: a camera of 16 has a few more."""
        return self.max_image_megapixels * 1_000_000 + 499_999

    @property
    def hub_cache_bytes(self) -> int | None:
        return None if self.hub_cache_gib is None else int(self.hub_cache_gib * 2**30)

    @property
    def history_bytes(self) -> int | None:
        """The most that one person's history may take; nobody fills a disk that is not theirs."""
        if self.history_gib is not None:
            return int(self.history_gib * 2**30)
        return None if self.where.keeps else STRANGERS_HISTORY

    @property
    def where(self) -> Whereabouts:
        return whereabouts(self.space, self.host, self.public)

    @property
    def places(self) -> int:
        """How many comparisons run at the same time, where nothing is known of a GPU."""
        return self.users or 2

    @property
    def most_each(self) -> int | None:
        """How many comparisons of one person may run or wait."""
        return self.per_person or (None if self.is_private else STRANGERS_EACH)

    @property
    def seconds(self) -> int | None:
        """How long one comparison may take."""
        return self.timeout or (None if self.is_private else STRANGERS_SECONDS)

    @property
    def is_logged(self) -> bool:
        """Whether the log has a line for each comparison."""
        return self.where.kind != "desk" if self.log is None else self.log

    @property
    def engine_options(self) -> dict[str, Any]:
        """What the engine is told of the limits, with every comparison."""
        limits = {"max_image_pixels": self.max_image_pixels}
        return limits | ({"max_seconds": float(self.seconds)} if self.seconds else {})

    @property
    def asks_to_sign_in(self) -> bool:
        """Whether there is a use for it: strangers read nothing of their own, and are asked for no right."""
        return self.sign_in and self.is_private

    @property
    def is_private(self) -> bool:
        """Whether only people come whom the owner trusts; what follows is said in `whereabouts`."""
        return self.where.is_private


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
