"""What the engine can carry out of a plan, checked before it is."""

from __future__ import annotations

import numpy as np

from vlmscope.values.errors import VariantError
from vlmscope.values.plan import Plan
from vlmscope.values.selection import DROPPED, carriers
from vlmscope.values.variant import Variant


def check_image(variant: Variant, image: np.ndarray) -> None:
    """Raise VariantError for another input image that is none."""
    image = np.asarray(image)
    is_rgb = image.ndim == 3 and image.shape[2] == 3 and 0 not in image.shape
    if image.dtype != np.uint8 or not is_rgb:
        raise VariantError(
            f"{variant.kind!r} asks for an input image of {image.dtype} {list(image.shape)}; "
            "give uint8 [H, W, 3]."
        )


def check_plan(variant: Variant, plan: Plan, grid: tuple[int, int]) -> None:
    """Raise VariantError for a plan that cannot be carried out, or contradicts itself.

    `grid` is that of the image tokens of its input.
    """
    if plan.after_layer:
        raise VariantError(
            f"{variant.kind!r} prunes after layer {plan.after_layer}, which this version cannot "
            "run; prune before the language model (after_layer=0)."
        )
    if plan.assign.shape != grid:
        raise VariantError(
            f"{variant.kind!r} assigned a grid of {plan.assign.shape}; the image has {grid}."
        )
    flat = plan.assign.astype(np.int64).ravel()
    kept = carriers(plan.assign)
    if kept.size == 0:
        raise VariantError(f"{variant.kind!r} kept no image token; keep at least one.")
    if kept[-1] >= flat.size or not np.array_equal(flat[kept], kept):
        raise VariantError(
            f"{variant.kind!r} merged tokens into one that carries nothing; "
            "assign each carrier to itself."
        )
    if plan.weights is not None:
        weights = np.asarray(plan.weights, dtype=np.float64).ravel()
        usable = weights.size == flat.size and bool(np.isfinite(weights).all())
        if not usable or weights.min() < 0:
            raise VariantError(
                f"{variant.kind!r} gave merge weights that are negative, not finite or of another "
                "shape; give one weight from 0 up for each cell."
            )
        sums = np.bincount(flat[flat != DROPPED], weights[flat != DROPPED], minlength=flat.size)
        if not (sums[kept] > 0).all():
            raise VariantError(
                f"{variant.kind!r} gave a kept token no weight at all; give its cells some."
            )
    for each in plan.maps:
        if each.values.shape != grid:
            raise VariantError(
                f"{variant.kind!r} gave a map {each.key!r} of {each.values.shape}; "
                f"the image's grid is {grid}."
            )
