"""A head's tensors in a file: under the reference's names, what is the base's own, what is no float."""

from __future__ import annotations

from vlmscope.arr_coc.layout import Shape, own_key
from vlmscope.checkpoints.header import Header
from vlmscope.values.errors import CheckpointError, plain, shown

FLOATS = ("F16", "BF16", "F32", "F64")
"""What a head's numbers may be, as a safetensors header names them."""


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
                f"{name} holds {shown(key)} and {shown(origin[known])}, which are the same tensor; keep one."
            )
        else:
            own[known], origin[known] = shape, key
    return own, origin, dropped


def dtype_refusal(name: str, header: Header) -> str | None:
    """One sentence on a head's tensor whose numbers are not floats, if there is one."""
    for key, (_, dtype) in header.tensors.items():
        if own_key(key) is not None and dtype not in FLOATS:
            return (
                f"{name} holds {dtype} numbers in {plain(key, 120)}; "
                "save it as float16, bfloat16, float32 or float64."
            )
    return None


def base_keys_warning(dropped: int) -> str:
    return f"{dropped} base_model.* tensors of the base's own were left out."
