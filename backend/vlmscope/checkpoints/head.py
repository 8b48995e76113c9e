"""Loading an ARR-COC head by exact keys and shapes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from safetensors import SafetensorError, safe_open

from vlmscope.arr_coc.head import ArrCoc
from vlmscope.arr_coc.layout import Shape, match, own_key, refusal
from vlmscope.checkpoints.header import Header, read_header
from vlmscope.checkpoints.places import weights_file
from vlmscope.values.errors import CheckpointError

FLOATS = ("F16", "BF16", "F32", "F64")
"""What a head's numbers may be, as a safetensors header names them."""


@dataclass(frozen=True, eq=False)
class LoadedHead:
    """A head, and what a person should know about how it was read."""

    head: ArrCoc
    warnings: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.head.state.values())


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


def dtype_refusal(name: str, header: Header) -> str | None:
    """One sentence on a head's tensor whose numbers are not floats, if there is one."""
    for key, (_, dtype) in header.tensors.items():
        if own_key(key) is not None and dtype not in FLOATS:
            return (
                f"{name} holds {dtype} numbers in {key}; "
                "save it as float16, bfloat16, float32 or float64."
            )
    return None


def base_keys_warning(dropped: int) -> str:
    return f"{dropped} base_model.* tensors of the base's own were left out."


def load_head(source: str, hidden_size: int, device: str | torch.device = "cpu") -> LoadedHead:
    """The head that `source` names, for a base of `hidden_size`.

    Raises CheckpointError, naming what matched, was missing, unexpected or of another shape.
    """
    path = weights_file(source)
    header = read_header(path)
    own, origin, dropped = own_shapes(path.name, header.shapes)
    report = match(own, hidden_size)
    if not report.exact:
        raise CheckpointError(refusal(path.name, report, hidden_size))
    unfit = dtype_refusal(path.name, header)
    if unfit is not None:
        raise CheckpointError(unfit)
    try:
        with safe_open(path, framework="pt") as file:
            state = {name: file.get_tensor(key) for name, key in origin.items()}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path.name} cannot be loaded ({error}); save it again.") from error
    if not all(bool(torch.isfinite(tensor.float()).all()) for tensor in state.values()):
        raise CheckpointError(
            f"{path.name} holds NaN or infinite weights; give another checkpoint."
        )
    warnings = (base_keys_warning(dropped),) if dropped else ()
    return LoadedHead(ArrCoc.from_state_dict(state, str(device)), warnings)
