"""The settings of the app, and what follows from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whereabouts import Whereabouts, whereabouts

STRANGERS_EACH = 2
STRANGERS_SECONDS = 120
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
