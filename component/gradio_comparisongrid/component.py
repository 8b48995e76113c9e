"""The Gradio component: a synchronised comparison grid with heatmap overlays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from gradio.components.base import Component
from gradio.events import EventListener, Events
from gradio.i18n import I18nData

from .arguments import name, one_of, size, switch, whole, within
from .cell import Cell, Metric
from .comparison import Comparison
from .maps import Layer
from .schema import api_schema
from .tokens import Tokens
from .view import Answers, Colormap, Deltas, Normalize

if TYPE_CHECKING:
    from gradio.components import Timer


class ComparisonGrid(Component):
    """Shows a `Comparison`: one to eight cells under one zoom, one crosshair, one colour scale.

    Events: `select` when a click pins the crosshair (the function may take a `Selection`),
    `vote` when a person votes (a `Vote`), `change` when the value becomes another one.

    A function that takes the grid as an input gets the comparison as the person sees it then:
    `view` holds the layer, the zoom, the order of the cells and all the rest, and `reference` the
    cell that they chose. Given back as it is, that view moves nothing.
    """

    EVENTS = [
        Events.change,
        Events.select,
        EventListener(
            "vote",
            doc="Event listener for when the user votes for the best cells of the "
            "{{ component }}, a tie, or none. Uses event data gradio_comparisongrid.Vote to carry "
            "`chosen`, `verdict`, `order` and `blind`.",
        ),
    ]
    data_model = Comparison

    def __init__(
        self,
        value: Comparison | Callable[..., Comparison | None] | None = None,
        *,
        layer: str | None = None,
        colormap: Colormap = "viridis",
        opacity: float = 0.6,
        threshold: float = 0,
        normalize: Normalize = "shared",
        smooth: bool = False,
        linked: bool = True,
        difference: bool = False,
        answers: Answers = "marked",
        deltas: Deltas = "percent",
        voting: bool = False,
        blind: bool = False,
        seed: int | None = None,
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
            threshold: percentile, 0 to 100, below which a map is not drawn.
            normalize: "shared" colours all cells on one range, "cell" each on its own, "percentile" by rank.
            smooth: if True, blends the tokens of a map into each other; if False, draws each as it is.
            linked: if True, zoom and crosshair move in all cells at once.
            difference: if True, shows each layer minus the reference's.
            answers: "plain", "marked" where they differ from the reference's, or "changes" and nothing else.
            deltas: how figures differ from the reference's: "absolute", "percent" or "ratio".
            voting: if True, asks below the grid which cells are best.
            blind: if True, shuffles the cells and hides who is who, figures and exports until the vote.
            seed: of the order of a blind comparison; from the comparison itself when None.
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
        self.layer = name("layer", layer)
        self.colormap = one_of("colormap", colormap, get_args(Colormap))
        self.opacity = within("opacity", opacity, 0, 1)
        self.threshold = within("threshold", threshold, 0, 100)
        self.normalize = one_of("normalize", normalize, get_args(Normalize))
        self.smooth = switch("smooth", smooth)
        self.linked = switch("linked", linked)
        self.difference = switch("difference", difference)
        self.answers = one_of("answers", answers, get_args(Answers))
        self.deltas = one_of("deltas", deltas, get_args(Deltas))
        self.voting = switch("voting", voting)
        self.blind = switch("blind", blind)
        self.seed = whole("seed", seed)
        self.columns = whole("columns", columns, 1)
        self.height = size("height", height)
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

    def api_info(self) -> dict[str, Any]:
        """The JSON schema of a value, for the API page, clients and MCP."""
        return api_schema()

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
