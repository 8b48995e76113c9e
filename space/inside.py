"""A look inside an ARR-COC variant of the comparison that is shown: scores, weights, texture, questions."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

import inside_view
from application import App
from engine import internals
from events import AT_ONCE, QUIET
from gradio_comparisongrid import Comparison, ComparisonGrid
from lasts import GONE
from layout import note_files, problem
from pace import Work
from people import Visit, counted_as
from states import Handle, States
from titles import short_title, without_folder
from vlmscope import VlmscopeError
from vlmscope.variants.arr_coc_head import PROBES

KIND = "arr-coc"
MAX_OTHERS = 2000
PANES = {
    "Scores": inside_view.scores,
    "Texture channels": inside_view.texture,
    "Other questions": inside_view.questions,
}


def inside_panel(app: App, mine: States) -> None:
    """Build the panel, closed at first; it offers the ARR-COC variants of what the grid shows."""
    with gr.Accordion("Inside an ARR-COC variant", open=False, elem_id="inside"):
        with gr.Row(equal_height=True):
            variant = gr.Dropdown([], label="Variant", min_width=200, elem_id="inside-variant")
            others = gr.Textbox(
                "",
                label="Other questions, one to a line",
                placeholder=" · ".join(PROBES),
                max_length=MAX_OTHERS,
                lines=1,
                max_lines=4,
                min_width=260,
                elem_id="inside-questions",
            )
            look = gr.Button("Look inside", size="sm", scale=0, min_width=110, interactive=False)
        refused = gr.HTML(visible=False, padding=False)
        told = gr.HTML(visible=False, padding=False, elem_id="inside-told")
        with gr.Tabs(visible=False) as panes:
            grids = []
            for name in PANES:
                with gr.Tab(name):
                    grids.append(
                        ComparisonGrid(Comparison(), normalize="cell", columns=4, show_label=False)
                    )

    def offer(handle: Handle | None) -> tuple[Any, Any]:
        last = app.lasts.find(handle)
        results = last.run.results if last else ()
        named = [(short_title(r.variant), r.id) for r in results if r.variant.kind == KIND]
        value = named[-1][1] if named else None
        return gr.update(choices=named, value=value), gr.update(interactive=bool(named))

    def show(
        id: str | None,
        others: str | None,
        handle: Handle | None,
        visit: Visit,
        request: gr.Request,
        token: gr.OAuthToken | None,
    ) -> Mapping[Any, Any]:
        if handle is None or id is None:
            return {refused: problem("Compare an ARR-COC variant first.")}
        last = app.lasts.find(handle)
        if last is None:
            return {refused: problem(GONE)}
        variant = last.run[id].variant
        asked = [line.strip() for line in (others or "").splitlines() if line.strip()]
        try:
            with app.places.comparison(counted_as(visit, request), Work("inside")) as ticket:
                if not ticket.take(visit.stop.is_set):
                    return {refused: problem("It was stopped before it began.")}
                inside = internals(
                    app.base_of(visit, token),
                    last.run.image.pixels,
                    last.run.query,
                    variant,
                    **({"other_queries": asked} if asked else {}),
                    **app.settings.engine_options,
                )
        except VlmscopeError as fault:
            return {refused: problem(without_folder(str(fault), variant))}
        values = [view(inside, last.run.image) for view in PANES.values()]
        for grid, value in zip(grids, values, strict=True):
            note_files(grid, value)
        return {
            refused: problem(""),
            told: gr.update(value=inside_view.told(inside), visible=True),
            panes: gr.update(visible=True),
            **dict(zip(grids, values, strict=True)),
        }

    mine.last.change(
        offer,
        mine.last,
        [variant, look],
        **QUIET,
    )
    look.click(
        show,
        [variant, others, mine.last, mine.visit],
        [refused, told, panes, *grids],
        api_visibility="private",
        show_progress_on=[variant, *grids],
        **AT_ONCE,
    )
