"""Which rows may be on the device at the same time, below the ceiling of its memory."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from vlmscope.engine.base import SharedBase
from vlmscope.engine.peak import MIB
from vlmscope.engine.room import GIB
from vlmscope.engine.row import Row
from vlmscope.values.errors import VariantError


def cache_bytes_per_token(model: Any) -> int:
    """Bytes of keys and values that one token takes in all layers."""
    config = model.config.get_text_config()
    numbers = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim
    return numbers * model.get_input_embeddings().weight.dtype.itemsize


def have_room(base: SharedBase, rows: Sequence[Row], max_new_tokens: int) -> bool:
    """Whether rows fit in one batch, each as long as the longest and its answer not cut short.

    What their prefilled caches hold already is not counted twice. True where the device does not tell.
    """
    per_token = cache_bytes_per_token(base.model)
    longest = max(row.prompt_tokens for row in rows) + max_new_tokens
    held = sum(row.prompt_tokens for row in rows if row.prefilled is not None)
    return (len(rows) * longest - held) * per_token <= _left(base)


def check_room(base: SharedBase, row: Row) -> None:
    """Raise VariantError, saying what would fit, for a prompt that cannot be held even by itself."""
    per_token = cache_bytes_per_token(base.model)
    needed = row.prompt_tokens * per_token
    if _left(base) >= needed:
        return
    base.memory.forget()
    left = _left(base)
    if left >= needed:
        return
    tokens = int(row.metrics["image_tokens"])
    fit = int(left // per_token) - (row.prompt_tokens - tokens)
    way_out = f"keep={fit} would fit" if fit > 0 else "raise the ceiling or use a smaller base"
    raise VariantError(
        f"{row.variant.title} needs {needed / MIB:,.1f} MiB of keys and values for {tokens:,} image "
        f"tokens, and {left / MIB:,.1f} MiB are left below the ceiling of "
        f"{(base.memory.limits.ceiling or 0) / GIB:.3g} GiB; {way_out}."
    )


def _left(base: SharedBase) -> float:
    left = base.memory.left
    return inf if left is None else left
