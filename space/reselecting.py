"""The budget slider, live: what each variant of a finished comparison would keep at another budget."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from convert import Context, finished, from_run, with_selection
from engine import select
from gradio_comparisongrid import Comparison
from request import with_budget
from titles import given_title
from vlmscope import Failed, Maps, Run, SharedBase, Variant


def at_budget(variant: Variant, run: Run, percent: float) -> Variant:
    """A variant of a run at another budget; one whose budget is its own stays as it is."""
    common = common_budget(run)
    if common is None or variant.options.get("keep") != common:
        return variant
    others = {name: value for name, value in variant.options.items() if name != "keep"}
    bare = replace(variant, options=others, title=given_title(variant))
    return with_budget(bare, percent)


def common_budget(run: Run) -> str | None:
    """The budget that most variants of a run share; None when none has any."""
    budgets = [keep for result in run.results if (keep := result.variant.options.get("keep"))]
    return max(budgets, key=budgets.count) if budgets else None


def reselected(
    base: SharedBase,
    run: Run,
    percent: float,
    context: Context,
    limits: Mapping[str, Any] = {},
) -> Comparison:
    """A finished comparison with what its variants keep at `percent`; the language model does not run.

    Each cell whose budget changes shows its new selection and says of which budget its answer is.
    `limits` are options of the engine.
    """
    variants = [at_budget(result.variant, run, percent) for result in run.results]
    value = from_run(run, context)
    changed = [v != result.variant for v, result in zip(variants, run.results, strict=True)]
    if not any(changed):
        return value
    asked = [variant for variant, is_other in zip(variants, changed, strict=True) if is_other]
    events = iter(select(base, run.image.pixels, run.query, asked, **limits))
    cells = list(value.cells)
    for index, (result, variant) in enumerate(zip(run.results, variants, strict=True)):
        event = next(events) if changed[index] else None
        if isinstance(event, Maps | Failed):
            cells[index] = with_selection(cells[index], result, variant, event, context)
    return finished(value.model_copy(update={"cells": cells}))
