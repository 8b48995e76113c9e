"""Many variants of one vision-language model on one image and question."""

from vlmscope.engine.base import SharedBase
from vlmscope.engine.compare import compare, run
from vlmscope.values.errors import (
    BaseError,
    CheckpointError,
    InputError,
    VariantError,
    VlmscopeError,
)
from vlmscope.values.events import Event, Failed, Finished, Maps, Started, Stopped, Token
from vlmscope.values.metrics import METRICS, MetricInfo
from vlmscope.values.plan import Plan, TokenMap
from vlmscope.values.result import Result, Run, RunImage
from vlmscope.values.variant import Variant
from vlmscope.variants.registry import kind_names, kinds

__all__ = [
    "METRICS",
    "BaseError",
    "CheckpointError",
    "Event",
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
    "Started",
    "Stopped",
    "Token",
    "TokenMap",
    "Variant",
    "VariantError",
    "VlmscopeError",
    "compare",
    "kind_names",
    "kinds",
    "run",
]
