"""The tab where variants are compared: the form, the results, and what helps to fill the form."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from time import monotonic_ns
from typing import Any

import gradio as gr

from application import App
from asked import Asked, asked_by
from bases import count_image_tokens
from convert import Context
from events import PRIVATE, QUEUED, QUIET
from examples import one_for_each_image
from first import first_shown
from glossary import glossary
from gradio_comparisongrid import Vote
from inside import inside_panel
from lasts import GONE
from layout import (
    AtFirst,
    Inputs,
    Results,
    budget_label,
    in_the_grid,
    inputs,
    note,
    problem,
    results,
)
from menu import Choice, notes, ticked_at_first
from offer import Offer
from own_options import own_options
from pace import Work
from people import Visit, counted_as
from presets import PRESETS, preset
from recorded_menu import open_recorded, recorded_menu
from request import picture_size
from reselecting import common_budget, reselected
from running import compare_and_stop
from states import Handle, States, states
from titles import heading
from vlmscope import VlmscopeError
from welcome import welcome


@dataclass(frozen=True)
class CompareTab:
    """The page's tabs, the form, what it shows, and what the page keeps of one person."""

    tabs: gr.Tabs
    form: Inputs
    shown: Results
    mine: States

    @property
    def added(self) -> gr.State:
        """The choices that a person added to those of the app."""
        return self.mine.added

    def filled(self, asked: Asked) -> dict[Any, Any]:
        """Updates that make the form ask for some variants."""
        return {
            self.form.variants: asked.ticked,
            self.form.lines: asked.lines,
            self.form.more: gr.update(open=bool(asked.lines or asked.own)),
            self.form.budget: asked.percent,
            self.mine.own: asked.own,
            self.mine.fresh: monotonic_ns(),
        }


def compare_tab(app: App, tabs: gr.Tabs, visit: gr.State) -> CompareTab:
    """Build the tab; whatever belongs to one person is in their own `gr.State`."""
    at_first = _at_first(app)
    with gr.Tab("Compare", id="compare"):
        mine, total = states(visit), gr.State(at_first.tokens)
        welcome(app)
        with gr.Row(equal_height=False, elem_id="panes"):
            form = inputs(app.choices, one_for_each_image(app.examples), at_first)
            with gr.Column(elem_id="results", scale=1, min_width=320):
                menu = recorded_menu(app.recorded)
                shown = results()
                inside_panel(app, mine)
                with gr.Accordion("What the words mean", open=False, elem_id="words-mean"):
                    gr.HTML(glossary(), padding=False)
        with form.more:
            own_options(app, form, mine)
    compare = CompareTab(tabs, form, shown, mine)
    _show_token_count(app, form, total)
    _pick_examples(app, form)
    _pick_presets(app, compare)
    open_recorded(app.recorded, menu, compare)
    _reselect(app, compare)
    _vote(app, compare)
    compare_and_stop(app, form, shown, mine)
    return compare


def _at_first(app: App) -> AtFirst:
    """What the stored comparison asked, as far as this app has it."""
    first = first_shown(app.examples)
    if first is None or first.example is None:
        return AtFirst(ticked_at_first(app.choices))
    offer = Offer(app.choices, app.settings.is_private)
    asked = asked_by([offer.found(result.variant) for result in first.run.results], offer)
    ticked = ticked_at_first(app.choices) if asked.lines else asked.ticked
    size = picture_size(str(first.example.image))
    return AtFirst(ticked, first.example, count_image_tokens(app.base, *size) if size else None)


def _show_token_count(app: App, form: Inputs, total: gr.State) -> None:
    def count(image: str | None) -> int | None:
        size = picture_size(image)
        return count_image_tokens(app.base, *size) if size else None

    def say(total: int | None, percent: float) -> dict[str, Any]:
        return gr.update(label=budget_label(total, percent))

    form.image.change(count, form.image, total, **QUIET).then(
        say, [total, form.budget], form.budget, **QUIET
    )
    form.budget.change(say, [total, form.budget], form.budget, **QUIET)


def _pick_examples(app: App, form: Inputs) -> None:
    if form.examples is None:
        return
    offered = one_for_each_image(app.examples)

    def pick(index: int) -> tuple[str, str]:
        return str(offered[index].image), offered[index].question

    form.examples.click(
        pick,
        form.examples,
        [form.image, form.question],
        **PRIVATE,
    )


def _pick_presets(app: App, compare: CompareTab) -> None:
    form, mine = compare.form, compare.mine

    def pick(
        name: str, ticked: list[str], percent: float, added: tuple[Choice, ...]
    ) -> Mapping[Any, Any]:
        offered = (*app.choices, *added)
        asked, said = preset(name, offered, ticked, app.settings.max_variants, percent)
        told = {form.variants_problem: problem(said)}
        return told | (compare.filled(asked) if asked else {})

    for name, button in zip(PRESETS, form.presets, strict=True):
        button.click(
            partial(pick, name),
            [form.variants, form.budget, mine.added],
            [form.variants_problem, *compare.filled(Asked([]))],
            **QUEUED,
        )


def _reselect(app: App, compare: CompareTab) -> None:
    """The slider redraws what is selected at once; answers are made anew on demand alone."""
    form, shown, mine = compare.form, compare.shown, compare.mine

    def redraw(
        percent: float,
        handle: Handle | None,
        visit: Visit,
        added: tuple[Choice, ...],
        request: gr.Request,
        token: gr.OAuthToken | None,
    ) -> Mapping[Any, Any]:
        if handle is None or visit.stop.is_in_use:
            return {shown.note: gr.skip()}
        last = app.lasts.find(handle)
        if last is None:
            return {shown.note: note(GONE)}
        if common_budget(last.run) is None:
            return {shown.note: gr.skip()}
        context = Context(last.expected, notes((*app.choices, *added)))

        def is_unwanted() -> bool:
            return visit.stop.is_set() or visit.stop.is_in_use

        try:
            work = Work("selection", len(last.run.results))
            base, limits = app.base_of(visit, token), app.settings.engine_options
            with app.places.comparison(counted_as(visit, request), work) as ticket:
                if not ticket.take(is_unwanted):
                    return {shown.note: gr.skip()}
                value = reselected(base, last.run, percent, context, limits)
        except VlmscopeError as refused:
            return {shown.note: note(str(refused))}
        if is_unwanted():  # what they compare meanwhile stands there
            return {shown.note: gr.skip()}
        answered = common_budget(last.run) or ""
        is_other = f"{percent:g}%" != answered
        said = (
            f"The selection at {percent:g} %; the answers are of {answered.replace('%', ' %')}. "
            "Compare again for answers at this budget."
        )
        return {**in_the_grid(shown, value), shown.note: note(said if is_other else "")}

    form.budget.change(
        redraw,
        [form.budget, mine.last, mine.visit, mine.added],
        [shown.note, shown.grid, shown.table],
        trigger_mode="always_last",
        **QUEUED,
    )


def _vote(app: App, compare: CompareTab) -> None:
    """A vote cast in the grid stands in the history, with the comparison that it is about."""
    shown, mine = compare.shown, compare.mine

    def keep(visit: Visit, handle: Handle | None, cast: Vote) -> dict[str, Any]:
        last = app.lasts.find(handle)
        if handle and last is None:
            return note(GONE)
        if last is None or last.entry is None:
            return note(
                "This comparison is not in the history, so the vote is not kept; press Compare."
            )
        titles = [
            heading(result.variant) for result in last.run.results if result.id in cast.chosen
        ]
        try:
            app.history.vote(visit.person, last.entry, *cast.chosen)
        except VlmscopeError as refused:
            return note(str(refused))
        return note(
            f"In the history: {', '.join(titles)} voted best." if titles else "No one is best."
        )

    shown.grid.vote(keep, [mine.visit, mine.last], shown.note, **QUIET)
