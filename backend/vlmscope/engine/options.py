"""The options of a comparison, checked before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vlmscope.values.errors import InputError, shown
from vlmscope.values.images import MAX_PIXELS

MAX_QUERY_CHARACTERS = 20_000
MAX_TEMPERATURE = 1000
REPEATS = 3
"""How often a measured variant runs, unless told otherwise, after it was warmed up."""
MAX_SECONDS = 3600.0
"""How long a comparison may take, unless told otherwise; what is not finished then is stopped."""
MOST = 2**63 - 1
"""The largest whole number that PyTorch takes, as a seed or as a size."""


@dataclass(frozen=True)
class Options:
    """See `compare`. `stop` is asked before every step; true stops what is not finished."""

    max_new_tokens: int = 128
    mode: str = "together"
    repeats: int | None = None
    temperature: float = 0.0
    seed: int = 0
    word_maps: bool = False
    max_image_pixels: int = MAX_PIXELS
    max_seconds: float = MAX_SECONDS
    stop: Callable[[], bool] | None = None

    def __post_init__(self) -> None:
        _whole("max_new_tokens", self.max_new_tokens, 1)
        _whole("seed", self.seed, 0)
        _whole("max_image_pixels", self.max_image_pixels, 1)
        if self.mode not in ("together", "measured"):
            raise InputError(f"mode={shown(self.mode)} is unknown; use 'together' or 'measured'.")
        _whole("repeats", self.times, 1)
        if self.mode == "together" and self.times != 1:
            raise InputError(
                f"repeats={self.repeats} needs mode='measured': together, every variant runs once."
            )
        if not isinstance(self.word_maps, bool):
            raise InputError(
                f"word_maps={shown(self.word_maps)} cannot be used; give True or False."
            )
        if self.word_maps and self.mode == "measured":
            raise InputError(
                "word_maps=True needs mode='together': watching each step would be in its seconds."
            )
        if not _is_number(self.temperature) or not 0 <= self.temperature <= MAX_TEMPERATURE:
            raise InputError(
                f"temperature={shown(self.temperature)} is no temperature; use 0 for greedy, "
                f"or at most {MAX_TEMPERATURE}."
            )

        if not _is_number(self.max_seconds) or not 0 < self.max_seconds < float("inf"):
            raise InputError(
                f"max_seconds={shown(self.max_seconds)} is no time limit; give seconds above 0."
            )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Options:
        """The options of a call by keyword; raises InputError also for one that there is not."""
        known = cls.__dataclass_fields__
        unknown = ", ".join(name for name in given if name not in known)
        if unknown:
            raise InputError(f"compare has no option {unknown}; it has {', '.join(known)}.")
        return cls(**given)

    @property
    def times(self) -> int:
        """How often each variant runs for its figures."""
        if self.repeats is not None:
            return self.repeats
        return REPEATS if self.mode == "measured" else 1

    def recorded(self) -> dict[str, Any]:
        """What a run records of its options."""
        return {
            "max_new_tokens": self.max_new_tokens,
            "mode": self.mode,
            "repeats": self.times,
            "word_maps": self.word_maps,
            "temperature": self.temperature,
            "seed": self.seed,
        }


def check_query(query: Any) -> str:
    """The question as it is; raises InputError for one that is empty, too long, or no text."""
    if not isinstance(query, str):
        raise InputError(f"A question of type {type(query).__name__} cannot be asked; give text.")
    if not query.strip():
        raise InputError("The question is empty; ask something about the image.")
    if len(query) > MAX_QUERY_CHARACTERS:
        raise InputError(
            f"The question has {len(query):,} characters; use at most {MAX_QUERY_CHARACTERS:,}."
        )
    try:
        query.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(
            f"The question {query!a} holds half a character; use whole ones."
        ) from None
    return query


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(name: str, value: Any, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MOST:
        raise InputError(
            f"{name}={shown(value)} cannot be used; give a whole number from {least} to 2**63 - 1."
        )
