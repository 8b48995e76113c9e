"""A checkpoint's pickle in outline: which tensors of a model it holds, where, and what it says of itself.

Plain data throughout, bounded in number and in depth, so that it can come from another process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from vlmscope.checkpoints.pickled import Tensor, read_pickle
from vlmscope.values.errors import CheckpointError, shown

GROUPS = ("model_state_dict", "state_dict", "model", "module")
"""Where trainers put a model's tensors, if they are not all that the file holds."""
STATES = ("optimizer_state_dict", "optimizer", "scheduler_state_dict", "lr_scheduler", "rng_state")
TRAINING = {"param_groups", "last_epoch", "base_lrs", *STATES}
"""One of these is in what a trainer keeps beside a model."""
MAX_TENSORS = 20_000
MAX_FACTS = 5_000
MAX_DEPTH = 6
MAX_TEXT = 4_096
MAX_TEXT_IN_ALL = 200_000
"""Characters of what a file says of itself: a text may be there thousands of times and take no room."""
MAX_KEY = 500
"""Characters of a tensor's key, with those of the dictionaries that it lies in."""


def outline(data: bytes, name: str) -> dict[str, Any]:
    """`tensors` by key ([record, numbers in it, their dtype, offset, shape, stride, dtype]), `facts`,
    and `is_training` for what a trainer keeps beside a model.

    Raises CheckpointError, one sentence, for a pickle that holds something else.
    """
    top = read_pickle(data, name)
    if not isinstance(top, dict):
        raise CheckpointError(
            f"{name} holds no dictionary of tensors; save the model's state_dict."
        )
    group = next((top[key] for key in GROUPS if _holds_tensors(top.get(key))), top)
    tensors: dict[str, Tensor] = {}
    for key, tensor in _flat(group, name):
        if key in tensors:
            raise CheckpointError(
                f"{name} holds two tensors under {shown(key)}, one in a dictionary of its own; keep one."
            )
        tensors[key] = tensor
    is_training = not tensors and bool(TRAINING & top.keys())
    if not tensors and not is_training:
        raise CheckpointError(f"{name} holds no tensors; save the model's state_dict.")
    rest = {key: value for key, value in top.items() if isinstance(key, str) and key not in STATES}
    # Numbers first: there is room for them, whatever a config beside them takes.
    told = sorted(rest.items(), key=lambda item: isinstance(item[1], str | dict | list | tuple))
    return {
        "tensors": {key: _place(tensor) for key, tensor in tensors.items()},
        "facts": _Plain().of({k: v for k, v in told if v is not group and k not in tensors}),
        "is_training": is_training,
    }


def _holds_tensors(value: Any, depth: int = 0) -> bool:
    if isinstance(value, Tensor):
        return depth > 0
    return (
        isinstance(value, dict)
        and depth < MAX_DEPTH
        and any(_holds_tensors(each, depth + 1) for each in list(value.values())[:MAX_TENSORS])
    )


def _flat(group: Mapping[Any, Any], name: str) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a dictionary and of those in it, keys joined with a dot; states left out."""
    count = 0
    waiting: list[tuple[str, Mapping[Any, Any], int]] = [("", group, 0)]
    while waiting:
        prefix, values, depth = waiting.pop(0)
        for key, value in values.items():
            count += 1
            if count > 2 * MAX_TENSORS:
                raise CheckpointError(
                    f"{name} holds more than {MAX_TENSORS:,} tensors; give a checkpoint of a model."
                )
            if not isinstance(key, str) or (depth == 0 and values is group and key in STATES):
                continue
            if not isinstance(value, Tensor | dict):
                continue
            if len(prefix) + len(key) > MAX_KEY:
                raise CheckpointError(
                    f"{name} holds a key of {len(prefix) + len(key):,} characters, more than any "
                    f"tensor's; give a checkpoint of a model."
                )
            if isinstance(value, Tensor):
                yield prefix + key, value
            elif depth + 1 < MAX_DEPTH:
                waiting.append((f"{prefix}{key}.", value, depth + 1))


def _place(tensor: Tensor) -> list[Any]:
    storage = tensor.storage
    return [
        *(f"data/{storage.key}", storage.numel, storage.dtype, tensor.offset),
        *(list(tensor.shape), list(tensor.stride), tensor.dtype),
    ]


class _Plain:
    """Values as JSON has them, bounded in number and in text; what has no such form is left out."""

    def __init__(self) -> None:
        self._left = MAX_FACTS
        self._text_left = MAX_TEXT_IN_ALL

    def of(self, value: Any, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            return None
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return value if abs(value) < 2**63 else None
        if isinstance(value, float):
            return value if isfinite(value) else None
        if isinstance(value, str):
            return self._text(value, MAX_TEXT)
        if isinstance(value, list | tuple):
            return [self.of(each, depth + 1) for each in value[: max(0, self._left)]]
        if isinstance(value, dict):
            return self._object(value, depth)
        return None

    def _text(self, text: str, most: int) -> str:
        text = text[: min(most, self._text_left)]
        self._text_left -= len(text)
        return text.encode("utf-8", "replace").decode()

    def _object(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, each in value.items():
            if self._left <= 0 or self._text_left <= 0:
                break
            plain = self.of(each, depth + 1)
            if plain is not None and isinstance(key, str | int):
                out[self._text(str(key), 200)] = plain
        return out
