"""Many variants of one vision-language model on one image and question."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vlmscope.checkpoints.check import Check, check_checkpoint
from vlmscope.checkpoints.peek import discover, peek
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.values.errors import (
    BaseError,
    CheckpointError,
    InputError,
    VariantError,
    VlmscopeError,
)
from vlmscope.values.events import Event, Evidence, Failed, Finished, Maps, Started, Stopped, Token
from vlmscope.values.metrics import METRICS, MetricInfo, metrics_for
from vlmscope.values.plan import Plan, TokenMap
from vlmscope.values.result import Result, RunImage, Spread, WordMap
from vlmscope.values.run import Run
from vlmscope.values.variant import Variant
from vlmscope.variants.registry import kind_names, kinds

if TYPE_CHECKING:
    from vlmscope.engine.base import SharedBase
    from vlmscope.engine.compare import compare, run, select

__all__ = [
    "METRICS",
    "BaseError",
    "Check",
    "Checkpoint",
    "CheckpointError",
    "Event",
    "Evidence",
    "Failed",
    "Finished",
    "InputError",
    "Maps",
    "MetricInfo",
    "Plan",
    "Result",
    "Run",
    "RunImage",
    "SharedBase",
    "Spread",
    "Started",
    "Stopped",
    "Token",
    "TokenMap",
    "Variant",
    "VariantError",
    "VlmscopeError",
    "WordMap",
    "check_checkpoint",
    "compare",
    "discover",
    "kind_names",
    "kinds",
    "metrics_for",
    "peek",
    "run",
    "select",
]

_ENGINE = {"SharedBase": "base", "compare": "compare", "run": "compare", "select": "compare"}


def __getattr__(name: str) -> Any:
    """The engine's names, imported when first asked for: transformers takes seconds."""
    if name not in _ENGINE:
        raise AttributeError(f"module 'vlmscope' has no attribute {name!r}")
    return getattr(import_module(f"vlmscope.engine.{_ENGINE[name]}"), name)
