"""What kind of checkpoint a file is, and which base it fits, from its tensors' names and shapes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vlmscope.arr_coc.layout import fits, match
from vlmscope.checkpoints.header import Header
from vlmscope.checkpoints.own import base_keys_warning, dtype_refusal, own_shapes
from vlmscope.values.errors import CheckpointError

_LORA = re.compile(r"\.lora_(A|B|embedding_A|magnitude_vector)(\.|$)")
_READS_HIDDEN = re.compile(
    r"layers\.\d+\.(self_attn\.[qkv]_proj|mlp\.(gate|up)_proj)(\.lora_A)?(\.default)?\.weight$"
)
"""Modules of the language model whose input is as wide as the model."""
_EMBEDDING = re.compile(r"(^|\.)embed_tokens\.weight$")
_WHOLE = re.compile(r"(^|\.)(language_model\.|visual\.|lm_head\.|embed_tokens\.|layers\.\d+\.)")


@dataclass(frozen=True)
class Recognised:
    """`kind` as a `Checkpoint` has it, `hidden_size` of the base it fits, and what is odd about it."""

    kind: str | None
    hidden_size: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def fits(self) -> str | None:
        """The base in words."""
        return fits(self.hidden_size)


def recognise(name: str, header: Header, is_training: bool = False) -> Recognised:
    """The kind of a file that holds these tensors; never raises."""
    if is_training:
        return Recognised("optimizer")
    shapes = header.shapes
    if any(_LORA.search(key) for key in shapes):
        return Recognised("lora", _hidden_size(shapes))
    try:
        own, _, dropped = own_shapes(name, shapes)
    except CheckpointError as error:
        return Recognised(None, None, (str(error),))
    report = match(own)
    warnings = [base_keys_warning(dropped)] if dropped and report.matched else []
    if report.whole:
        unfit = dtype_refusal(name, header)
        return Recognised(
            "arr-coc", report.hidden_size, (*warnings, *([] if unfit is None else [unfit]))
        )
    if report.matched:
        warnings.append(
            f"No ARR-COC head of the reference architecture: {len(report.matched)} of 10 keys match, "
            f"{len(report.missing)} missing, {len(report.unexpected)} unexpected, "
            f"{len(report.mismatched)} of another shape."
        )
        return Recognised(None, report.hidden_size, tuple(warnings))
    if any(_WHOLE.search(key) for key in shapes):
        return Recognised("model", _hidden_size(shapes))
    if not shapes:
        return Recognised(None, None, ("It holds no tensors.",))
    return Recognised(None, None, ("Its tensors are of no kind known here.",))


def _hidden_size(shapes: dict[str, tuple[int, ...]]) -> int | None:
    """Width of the language model, where the shapes tell it."""
    for key, shape in shapes.items():
        is_inside = "visual." not in key and bool(_READS_HIDDEN.search(key))
        if len(shape) == 2 and (is_inside or _EMBEDDING.search(key)):
            return shape[1]
    return None
