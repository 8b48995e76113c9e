"""Links to what stands in the grid: made on demand, and followed when a page opens."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import gradio as gr

import links
from application import App
from asked import asked_by
from compare_tab import CompareTab
from events import QUIET
from examples import example_of
from first import NOTE, first_shown
from gradio_comparisongrid import Comparison
from history.values import NotThere
from lasts import GONE
from layout import note
from menu import Choice
from offer import Offer
from opening import opened
from people import Visit
from states import Handle
from vlmscope import InputError, Run, Variant, VlmscopeError
from vlmscope.values.errors import shown

TAKE_VIEW = "(grid) => (grid && grid.view) || {}"
WHOLE = "(part) => part.startsWith('?') ? location.origin + location.pathname + part : part"
NO_IMAGE = (
    "This image is neither an example nor kept in the history, so a link cannot carry it; save the "
    "comparison as a file instead."
)


def make_links(app: App, compare: CompareTab) -> None:
    """*Link to this*: an address that restores image, question, variants and view."""
    shown, mine = compare.shown, compare.mine

    def make(
        view: Mapping[str, Any] | None, handle: Handle | None, added: tuple[Choice, ...]
    ) -> str:
        if handle is None:
            return "There is no comparison yet to link to; press Compare first."
        last = app.lasts.find(handle)
        if last is None:
            return GONE
        offer = Offer((*app.choices, *added), app.settings.is_private)
        example = example_of(app.examples, last.run)
        if example is None and last.entry is None:
            return NO_IMAGE
        return links.written(
            links.Link(
                last.run.query,
                tuple(_short(offer, result.variant) for result in last.run.results),
                example.image.name if example else "",
                last.entry,
                links.as_view(view),
            )
        )

    shown.link.click(None, shown.grid, shown.view, js=TAKE_VIEW, **QUIET).then(
        make, [shown.view, mine.last, mine.added], shown.address, **QUIET
    ).then(None, shown.address, shown.address, js=WHOLE, **QUIET).then(
        lambda: gr.update(visible=True), None, shown.address, **QUIET
    )


def first_sight(
    app: App, compare: CompareTab
) -> Callable[[Visit, tuple[Choice, ...], gr.Request], Mapping[Any, Any]]:
    """What the page shows when it opens: what its address asks for, else a stored comparison.

    The form asks the same from the start, so that nothing that someone writes meanwhile is lost.
    """
    shown, mine = compare.shown, compare.mine
    first = first_shown(app.examples)

    def show(visit: Visit, added: tuple[Choice, ...], request: gr.Request) -> Mapping[Any, Any]:
        try:
            link = links.read(request.query_params)
            if link is not None:
                return _followed(app, compare, link, visit, added)
        except VlmscopeError as refused:
            return {shown.note: note(str(refused))}
        if first is None:
            return {shown.note: note("")}
        answer = first.example.answer if first.example else None
        updates = opened(app, compare, first.run, added, answer, NOTE)
        # On another base nothing can be selected anew on top of it.
        is_same = first.run.stamp.get("revision") == app.base.revision
        told = (shown.note, shown.grid, shown.table, mine.fresh, *((mine.last,) if is_same else ()))
        return {each: updates[each] for each in told}

    return show


def _short(offer: Offer, variant: Variant) -> Variant:
    """A variant as a link names it: one that is a choice gets its id and its title from that."""
    veiled = offer.veiled(variant)
    return replace(veiled, id="", title="") if offer.choice(variant) else veiled


def _kept(app: App, visit: Visit, id: int) -> tuple[Run, str | None] | None:
    """A comparison of this person's history and what was expected; None where it is not theirs."""
    try:
        entry = app.history.entry(visit.person, id)
        return app.history.run(visit.person, id), entry.expected
    except NotThere:
        return None


def _followed(
    app: App, compare: CompareTab, link: links.Link, visit: Visit, added: tuple[Choice, ...]
) -> Mapping[Any, Any]:
    if link.run is not None:
        kept = _kept(app, visit, link.run)
        if kept is not None:
            run, expected = kept
            updates = opened(app, compare, run, added, expected, entry=link.run)
            value: Comparison = updates[compare.shown.grid]
            return {**updates, compare.shown.grid: value.model_copy(update={"view": link.view})}
    example = next((each for each in app.examples if each.image.name == link.example), None)
    if example is None:
        what = f"The image {shown(link.example)}" if link.example else "The linked comparison"
        raise InputError(
            f"{what} is not there, or is someone else's; ask them for the saved file instead."
        )
    offer = Offer((*app.choices, *added), app.settings.is_private)
    asked = asked_by([offer.found(variant) for variant in link.variants], offer)
    return {
        compare.form.image: str(example.image),
        compare.form.question: link.question,
        **compare.filled(asked),
        compare.shown.grid: Comparison(view=link.view),
        compare.shown.note: note("From a link. Press Compare to run it here."),
    }
