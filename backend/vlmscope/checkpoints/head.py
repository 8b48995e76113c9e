"""Loading an ARR-COC head by exact keys and shapes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from vlmscope.arr_coc.head import ArrCoc
from vlmscope.arr_coc.layout import match, refusal
from vlmscope.checkpoints.header import Header
from vlmscope.checkpoints.own import base_keys_warning, dtype_refusal, own_shapes
from vlmscope.checkpoints.places import weights_file
from vlmscope.checkpoints.weights import header_of, open_weights
from vlmscope.values.errors import CheckpointError


@dataclass(frozen=True, eq=False)
class LoadedHead:
    """A head, and what a person should know about how it was read."""

    head: ArrCoc
    warnings: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.head.state.values())


def load_head(source: str, hidden_size: int, device: str | torch.device = "cpu") -> LoadedHead:
    """The head that `source` names, for a base of `hidden_size`.

    Raises CheckpointError, naming what matched, was missing, unexpected or of another shape.
    """
    path = weights_file(source)
    with open_weights(path) as weights:
        origin, dropped = _checked(path.name, weights.header, hidden_size)
        tensors = weights.read(origin.values())
    state = {name: tensors[key] for name, key in origin.items()}
    if not all(bool(torch.isfinite(tensor.float()).all()) for tensor in state.values()):
        raise CheckpointError(
            f"{path.name} holds NaN or infinite weights; give another checkpoint."
        )
    warnings = (base_keys_warning(dropped),) if dropped else ()
    return LoadedHead(ArrCoc.from_state_dict(state, str(device)), warnings)


def check_head(path: Path, hidden_size: int) -> None:
    """Raise CheckpointError, as `load_head` does, for a head that would not load; no tensor is read."""
    _checked(path.name, header_of(path), hidden_size)


def _checked(name: str, header: Header, hidden_size: int) -> tuple[dict[str, str], int]:
    """For each of the head's tensors its key in the file, and how many of the base are left out."""
    own, origin, dropped = own_shapes(name, header.shapes)
    report = match(own, hidden_size)
    if not report.exact:
        raise CheckpointError(refusal(name, report, hidden_size))
    unfit = dtype_refusal(name, header)
    if unfit is not None:
        raise CheckpointError(unfit)
    return origin, dropped
