"""A second set of modules around a model's own tensors, to be changed without changing the model."""

from __future__ import annotations

import copy
from typing import Any

from vlmscope.values.errors import BaseError

OFFLOADED = (
    "This base is too large for its device and partly offloaded, so that it can run neither adapters "
    "nor in float32; use a smaller base, or a device with more memory."
)


def is_offloaded(model: Any) -> bool:
    """Whether some of a model's weights are not on its device, which had no room for them."""
    return bool(getattr(model, "hf_device_map", None))


def shell_of(model: Any) -> Any:
    """The model's modules once more; every parameter and buffer is the model's own.

    Raises BaseError for a model that is partly offloaded: its tensors are not where its modules are.
    """
    if is_offloaded(model):
        raise BaseError(OFFLOADED)
    tensors = [*model.parameters(), *model.buffers()]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})
