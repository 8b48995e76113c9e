"""What a base may hold: a ceiling, and what it keeps for later beside its weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from vlmscope.checkpoints.head import LoadedHead
from vlmscope.engine.adapters import Adapted
from vlmscope.engine.features import ImageFeatures
from vlmscope.engine.room import GIB, held_bytes, measured_ceiling
from vlmscope.values.errors import BaseError, shown
from vlmscope.values.lru import Lru

SMALL_DEVICE = 16 * GIB
"""A T4, and what has no more memory than one."""


@dataclass(frozen=True)
class Limits:
    """What a base may hold: `ceiling` bytes in all (None: the device does not tell), and how many
    images' features, heads and adapters beside its weights, each also by their bytes."""

    ceiling: int | None = None
    images: int = 4
    image_bytes: int = GIB // 2
    heads: int = 4
    head_bytes: int = GIB // 4
    adapters: int = 8
    adapter_bytes: int = GIB


def limits_of(
    device: torch.device, memory_gib: float | None = None, heads: int | None = None
) -> Limits:
    """The limits for a device: the ceiling that is given, or all that this process can have of it.

    A GPU of 16 GiB or less keeps two heads. Beside the weights, images take a sixteenth of the
    ceiling at most, heads as much, adapters an eighth. Raises BaseError for a limit that is none.
    """
    if memory_gib is not None and not (
        isinstance(memory_gib, int | float)
        and not isinstance(memory_gib, bool)
        and 0 < memory_gib < 2**20
    ):
        raise BaseError(f"memory_gib={shown(memory_gib)} is no ceiling; give GiB above 0.")
    if heads is not None and (not isinstance(heads, int) or isinstance(heads, bool) or heads < 1):
        raise BaseError(f"heads={shown(heads)} cannot be kept; give a whole number from 1.")
    ceiling = measured_ceiling(device) if memory_gib is None else int(memory_gib * GIB)
    is_small = device.type == "cuda" and ceiling is not None and ceiling <= SMALL_DEVICE
    kept = heads or (2 if is_small else Limits.heads)
    if ceiling is None:
        return Limits(heads=kept)
    return Limits(
        ceiling,
        image_bytes=min(Limits.image_bytes, ceiling // 16),
        heads=kept,
        head_bytes=min(Limits.head_bytes, ceiling // 16),
        adapter_bytes=min(Limits.adapter_bytes, ceiling // 8),
    )


class Memory:
    """What a base keeps for later (features of images; heads and adapters by their files' content), and
    what room is left."""

    def __init__(self, device: torch.device, limits: Limits) -> None:
        self._device = device
        self.limits = limits
        self.features: Lru[tuple[str, str], ImageFeatures] = Lru(
            limits.images, limits.image_bytes, lambda features: features.nbytes
        )
        self.heads: Lru[str, LoadedHead] = Lru(
            limits.heads, limits.head_bytes, lambda loaded: loaded.nbytes
        )
        self.adapters: Lru[str, Adapted] = Lru(
            limits.adapters, limits.adapter_bytes, lambda adapted: adapted.nbytes
        )

    @property
    def left(self) -> int | None:
        """Bytes below the ceiling that are not taken; None where it cannot be told."""
        held = held_bytes(self._device)
        if held is None or self.limits.ceiling is None:
            return None
        return max(0, self.limits.ceiling - held)

    def forget(self) -> None:
        """Give back what is kept for later and nobody uses now."""
        for kept in (self.features, self.heads, self.adapters):
            kept.clear()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
