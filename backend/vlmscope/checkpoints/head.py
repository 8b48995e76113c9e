"""Loading an ARR-COC head by exact keys and shapes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from safetensors import SafetensorError, safe_open

from vlmscope.arr_coc.head import ArrCoc
from vlmscope.arr_coc.layout import Shape, match, own_key, refusal
from vlmscope.checkpoints.header import read_header
from vlmscope.checkpoints.places import weights_file
from vlmscope.values.errors import CheckpointError


@dataclass(frozen=True, eq=False)
class LoadedHead:
    """A head, and what a person should know about how it was read."""

    head: ArrCoc
    warnings: tuple[str, ...]


def own_shapes(name: str, shapes: dict[str, Shape]) -> tuple[dict[str, Shape], dict[str, str], int]:
    """Shapes under the reference's names, the file's key for each, and how many were the base's."""
    own: dict[str, Shape] = {}
    origin: dict[str, str] = {}
    dropped = 0
    for key, shape in shapes.items():
        known = own_key(key)
        if known is None:
            dropped += 1
        elif known in own:
            raise CheckpointError(
                f"{name} holds {key!r} and {origin[known]!r}, which are the same tensor; keep one."
            )
        else:
            own[known], origin[known] = shape, key
    return own, origin, dropped


def base_keys_warning(dropped: int) -> str:
    return f"{dropped} base_model.* tensors of the base's own were left out."


def load_head(source: str, hidden_size: int, device: str | torch.device = "cpu") -> LoadedHead:
    """The head that `source` names, for a base of `hidden_size`.

    Raises CheckpointError, naming what matched, was missing, unexpected or of another shape.
    """
    path = weights_file(source)
    own, origin, dropped = own_shapes(path.name, read_header(path).shapes)
    report = match(own, hidden_size)
    if not report.exact:
        raise CheckpointError(refusal(path.name, report, hidden_size))
    try:
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(key) for name, key in origin.items()}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.name} cannot be loaded ({error}); save it again.") from error
    wrong = [name for name, tensor in state.items() if not tensor.dtype.is_floating_point]
    if wrong:
        raise CheckpointError(f"{path.name} holds whole numbers in {wrong[0]}; save it as floats.")
    if not all(bool(torch.isfinite(tensor.float()).all()) for tensor in state.values()):
        raise CheckpointError(
            f"{path.name} holds NaN or infinite weights; give another checkpoint."
        )
    warnings = (base_keys_warning(dropped),) if dropped else ()
    return LoadedHead(ArrCoc.from_state_dict(state, str(device)), warnings)
