"""How a comparison is looked at, as an app asks for it or a person has left it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from .errors import InvalidComparison
from .model import Text, WireModel

Colormap = Literal["viridis", "magma", "cividis", "inferno", "grey", "diverging"]
Normalize = Literal["shared", "cell", "percentile"]
Answers = Literal["plain", "marked", "changes"]
Deltas = Literal["absolute", "percent", "ratio"]


def as_box(corners: Sequence[float]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a box on the picture, 0 to 1; InvalidComparison if it is none."""
    if len(corners) != 4:
        raise InvalidComparison(f"{corners!r:.60} is no box: it needs x0, y0, x1, y1")
    x0, y0, x1, y1 = corners
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise InvalidComparison(
            f"({x0:g}, {y0:g}, {x1:g}, {y1:g}) is no box on the picture: it needs x0 below x1 and "
            "y0 below y1, each from 0 to 1"
        )
    return x0, y0, x1, y1


Region = Annotated[tuple[float, float, float, float], AfterValidator(as_box)]
"""A box on the picture in normalised coordinates: x0, y0, x1, y1."""


class View(WireModel):
    """How a comparison is looked at; what is None is left to the component and its user.

    The maps: `layer` is the key of the one drawn, `difference` takes it minus the reference's,
    `smooth` blends its tokens into each other, `threshold` is the percentile (0 to 100) below
    which nothing is drawn, `range` the scale's ends in the layer's unit, low before high;
    `tokens` draws which tokens are dropped or merged.

    The picture: `zoom` is 1 to 32, `center` its middle in normalised coordinates (0 to 1, x
    before y), `swipe` where the swipe's handle stands, 0 (left) to 1; `region` is a box marked on
    it, left, top, right and bottom in normalised coordinates.

    The cells: `solo` is the id of the one shown alone, `order` the ids as a person arranged
    them, `hidden` those not shown, `sort` the key of the metric they are sorted by. `answers` is
    how a text shows its difference to the reference's: not, by marks, or by nothing but what
    changed; `deltas` is how a figure does.

    `told` is the page's own mark on a view that it told a function: by it the page knows which
    fields were changed when the view comes back.

    A key or an id that nothing has is ignored: a view outlives the value it was made for, and a
    streaming cell has its layers later. See `Comparison` for `sort`.
    """

    layer: Text | None = None
    colormap: Colormap | None = None
    opacity: float | None = Field(default=None, ge=0, le=1)
    threshold: float | None = Field(default=None, ge=0, le=100)
    normalize: Normalize | None = None
    range: tuple[float, float] | None = None
    smooth: bool | None = None
    tokens: bool | None = None
    difference: bool | None = None
    zoom: float | None = Field(default=None, ge=1, le=32)
    center: tuple[float, float] | None = None
    linked: bool | None = None
    swipe: float | None = Field(default=None, ge=0, le=1)
    region: Region | None = None
    solo: Text | None = None
    order: list[Text] | None = None
    hidden: list[Text] | None = None
    sort: Text | None = None
    answers: Answers | None = None
    deltas: Deltas | None = None
    told: Text | None = None

    @field_validator("range")
    @classmethod
    def _low_below_high(cls, range: tuple[float, float] | None) -> tuple[float, float] | None:
        if range is not None and not range[0] < range[1]:
            raise ValueError(f"{range[0]:g} to {range[1]:g} is no range: low must lie below high")
        return range
