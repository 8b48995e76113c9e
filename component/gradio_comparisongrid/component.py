"""The Gradio component: a synchronised comparison grid with heatmap overlays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from gradio.components.base import Component
from gradio.events import Events
from gradio.i18n import I18nData

from .cell import Cell, Metric
from .comparison import Colormap, Comparison, Normalize
from .maps import Layer
from .tokens import Tokens

if TYPE_CHECKING:
    from gradio.components import Timer


class ComparisonGrid(Component):
    """Shows a `Comparison`: one to eight cells under one zoom, one crosshair, one colour scale.

    Events: `select` when a click pins the crosshair (`gr.SelectData` with `index` = [row, col],
    `value`, and `cell`, `row`, `col`), `change` when the value becomes another one.
    """

    EVENTS = [Events.change, Events.select]
    data_model = Comparison

    def __init__(
        self,
        value: Comparison | Callable[..., Comparison | None] | None = None,
        *,
        layer: str | None = None,
        colormap: Colormap = "viridis",
        opacity: float = 0.6,
        normalize: Normalize = "shared",
        columns: int | None = None,
        height: int | str | None = None,
        label: str | I18nData | None = None,
        every: Timer | float | None = None,
        inputs: Component | Sequence[Component] | set[Component] | None = None,
        show_label: bool | None = None,
        container: bool = True,
        scale: int | None = None,
        min_width: int = 160,
        interactive: bool | None = None,
        visible: bool | Literal["hidden"] = True,
        elem_id: str | None = None,
        elem_classes: list[str] | str | None = None,
        render: bool = True,
        key: int | str | tuple[int | str, ...] | None = None,
        preserved_by_key: list[str] | str | None = "value",
    ):
        """
        Parameters:
            value: the comparison shown at first, or a function that gives it.
            layer: key of the layer shown at first; the first layer of the value when None.
            colormap: viridis, magma, cividis, inferno, grey or diverging.
            opacity: how much of the layer covers the image, 0 to 1.
            normalize: "shared" colours all cells on one range, "cell" each on its own, "percentile" by rank.
            columns: how many cells stand in a row; as many as fit at 280 px when None.
            height: the most the grid takes before it scrolls, in pixels or as a CSS length.
            label: the label for this component.
            every: calls `value` again at this interval when it is a function.
            inputs: components that `value` is computed from when it is a function.
            show_label: if True, shows the label.
            container: if True, stands in a container with a border.
            scale: relative size beside other components in a row.
            min_width: the least width in pixels before a row wraps.
            interactive: has no effect: the grid is looked at, not edited.
            visible: if False, the component is not shown; if "hidden", it is in the page but takes no room.
            elem_id: id of the component in the page.
            elem_classes: classes of the component in the page.
            render: if False, the component is not placed yet.
            key: identity of the component across re-renders of gr.render.
            preserved_by_key: what a re-render with the same key keeps.
        """
        self.layer = layer
        self.colormap = colormap
        self.opacity = opacity
        self.normalize = normalize
        self.columns = columns
        self.height = height
        super().__init__(
            value=value,
            label=label,
            every=every,
            inputs=inputs,
            show_label=show_label,
            container=container,
            scale=scale,
            min_width=min_width,
            interactive=interactive,
            visible=visible,
            elem_id=elem_id,
            elem_classes=elem_classes,
            render=render,
            key=key,
            preserved_by_key=preserved_by_key,
        )

    def preprocess(self, payload: Comparison | None) -> Comparison | None:
        """Give the function the comparison that is shown."""
        return payload

    def postprocess(self, value: Comparison | dict[str, Any] | None) -> Comparison | None:
        """Take a Comparison, or the same as plain JSON data, or None for an empty grid."""
        if value is None or isinstance(value, Comparison):
            return value
        return Comparison.model_validate(value)

    def process_example(self, value: Comparison | dict[str, Any] | None) -> str:
        """What a row of examples shows: the question and how many cells."""
        comparison = self.postprocess(value)
        if comparison is None:
            return ""
        count = len(comparison.cells)
        return f"{comparison.query or 'Comparison'} · {count} {'cell' if count == 1 else 'cells'}"

    def example_payload(self) -> Any:
        """A small value as a client would send it."""
        return self.example_value().model_dump()

    def example_value(self) -> Comparison:
        """Two cells on a 2 × 3 token grid, without an image."""
        scores = np.linspace(0, 1, 6).reshape(2, 3)
        return Comparison(
            query="What colour is the star?",
            metrics=[Metric("image_tokens", "Image tokens", better="lower", digits=0)],
            cells=[
                Cell(
                    id,
                    title,
                    answer="red",
                    metrics={"image_tokens": int(kept.sum())},
                    layers=[Layer.from_array("relevance", scores)],
                    tokens=Tokens.from_mask(kept),
                )
                for id, title, kept in (
                    ("baseline", "Baseline", scores >= 0),
                    ("half", "Half", scores >= 0.5),
                )
            ],
        )
