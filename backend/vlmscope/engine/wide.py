"""A float16 model computed in float32: the way out where float16 overflows.

A float16 number ends at 65,504; activations of Qwen-VL can go beyond. The weights stay what and where
they are, float16, and each is widened at the moment it is used: slower, and no second copy of the model.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from vlmscope.engine.shell import shell_of


def widened(model: Any) -> Any:
    """The model with the same tensors, every module computing in float32.

    Gives what the model would if its weights were made float32; raises BaseError if it is offloaded.
    """
    shell = shell_of(model)
    for module in shell.modules():
        for kind, forward in _FORWARDS.items():
            if isinstance(module, kind):
                module.forward = MethodType(forward, module)
                break
    return shell


def _wide(tensor: torch.Tensor | None) -> torch.Tensor | None:
    return None if tensor is None else tensor.float()


def _linear(module: Any, x: torch.Tensor) -> torch.Tensor:
    return functional.linear(x.float(), module.weight.float(), _wide(module.bias))


def _embedding(module: Any, ids: torch.Tensor) -> torch.Tensor:
    # Looked up first: a vocabulary is large, and a row made float32 is the same row.
    return functional.embedding(ids, module.weight, module.padding_idx).float()


def _layer_norm(module: Any, x: torch.Tensor) -> torch.Tensor:
    shape = module.normalized_shape
    return functional.layer_norm(
        x.float(), shape, _wide(module.weight), _wide(module.bias), module.eps
    )


def _conv3d(module: Any, x: torch.Tensor) -> torch.Tensor:
    return module._conv_forward(x.float(), module.weight.float(), _wide(module.bias))


_FORWARDS: dict[type[nn.Module], Callable[..., torch.Tensor]] = {
    nn.Linear: _linear,
    nn.Embedding: _embedding,
    nn.LayerNorm: _layer_norm,
    nn.Conv3d: _conv3d,
}
