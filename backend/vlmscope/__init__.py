"""Many variants of one vision-language model on one image and question."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vlmscope.checkpoints.check import Check, check_checkpoint
    from vlmscope.checkpoints.notes import annotate
    from vlmscope.checkpoints.peek import discover, peek
    from vlmscope.checkpoints.record import Checkpoint
    from vlmscope.engine.base import SharedBase
    from vlmscope.engine.compare import compare, run, select
    from vlmscope.engine.internals import internals
    from vlmscope.evidence.judge import Judgement, judge
    from vlmscope.evidence.suite import Case, Suite, read_suite
    from vlmscope.values.errors import (
        BaseError,
        CheckpointError,
        InputError,
        VariantError,
        VlmscopeError,
    )
    from vlmscope.values.events import (
        Event,
        Evidence,
        Failed,
        Finished,
        Maps,
        Started,
        Stopped,
        Token,
    )
    from vlmscope.values.gathering import Gathering
    from vlmscope.values.internals import Internals, OtherQuery
    from vlmscope.values.metrics import METRICS, MetricInfo, metrics_for
    from vlmscope.values.plan import Plan, TokenMap
    from vlmscope.values.result import Result, RunImage, Spread, WordMap
    from vlmscope.values.run import Run
    from vlmscope.values.variant import Variant
    from vlmscope.variants.registry import kind_names, kinds

__all__ = [
    "METRICS",
    "BaseError",
    "Case",
    "Check",
    "Checkpoint",
    "CheckpointError",
    "Event",
    "Evidence",
    "Failed",
    "Finished",
    "Gathering",
    "InputError",
    "Internals",
    "Judgement",
    "Maps",
    "MetricInfo",
    "OtherQuery",
    "Plan",
    "Result",
    "Run",
    "RunImage",
    "SharedBase",
    "Spread",
    "Started",
    "Stopped",
    "Suite",
    "Token",
    "TokenMap",
    "Variant",
    "VariantError",
    "VlmscopeError",
    "WordMap",
    "annotate",
    "check_checkpoint",
    "compare",
    "discover",
    "internals",
    "judge",
    "kind_names",
    "kinds",
    "metrics_for",
    "peek",
    "read_suite",
    "run",
    "select",
]

_NAMES = {
    "checkpoints.check": "Check check_checkpoint",
    "checkpoints.notes": "annotate",
    "checkpoints.peek": "discover peek",
    "checkpoints.record": "Checkpoint",
    "engine.base": "SharedBase",
    "engine.compare": "compare run select",
    "engine.internals": "internals",
    "evidence.judge": "Judgement judge",
    "evidence.suite": "Case Suite read_suite",
    "values.errors": "BaseError CheckpointError InputError VariantError VlmscopeError",
    "values.events": "Event Evidence Failed Finished Maps Started Stopped Token",
    "values.gathering": "Gathering",
    "values.internals": "Internals OtherQuery",
    "values.metrics": "METRICS MetricInfo metrics_for",
    "values.plan": "Plan TokenMap",
    "values.result": "Result RunImage Spread WordMap",
    "values.run": "Run",
    "values.variant": "Variant",
    "variants.registry": "kind_names kinds",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Every name is imported when first asked for: transformers takes seconds, a peek needs none of it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'vlmscope' has no attribute {name!r}")
    return getattr(import_module(f"vlmscope.{_HOMES[name]}"), name)
