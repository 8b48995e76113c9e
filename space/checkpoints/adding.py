"""A checkpoint into the comparison: fetched from the Hub where it lies there, then offered and ticked."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from application import App
from card import size_text
from checkpoints.layout import CheckpointsTab, Kept, said
from compare_tab import CompareTab
from comparing import StopSignal
from events import AT_LENGTH, QUIET
from fetching import fetching
from layout import problem
from menu import KINDS, Choice, choice_of
from people import Visit
from shelf import Found
from vlmscope import VlmscopeError
from vlmscope.checkpoints.places import is_hub


def add_to_the_comparison(
    app: App, compare: CompareTab, shown: CheckpointsTab, kept: Kept, visit: gr.State
) -> None:
    """Wire the button; what a person adds is theirs alone. Called within the tab: it keeps a state."""
    shelf, choices = app.shelf, app.choices
    form, stop = compare.form, gr.State(StopSignal())

    def add(
        source: str,
        found: Found,
        added: tuple[Choice, ...],
        ticked: list[str],
        stop: StopSignal,
        visit: Visit,
        token: gr.OAuthToken | None,
    ) -> Iterator[dict[Any, Any]]:
        record = found.named(source)
        # The button stands beside what would load; a client may press it beside anything.
        if record and not (record.kind in KINDS and shelf.fits(record)):
            yield {shown.added: problem("This would not load here; its card says why.")}
            return
        if record is None or not stop.begin():
            yield {shown.added: said("")}
            return
        try:
            yield {shown.stop: gr.update(visible=is_hub(source))}
            if is_hub(source):
                hub = app.readers.of(visit.person, token)
                for have, whole in fetching(hub, source, shelf.is_private, stop.is_set):
                    yield {shown.added: said(f"{size_text(have)} of {size_text(whole)} are here.")}
        except VlmscopeError as refused:
            yield {shown.added: problem(str(refused)), shown.stop: gr.update(visible=False)}
            return
        finally:
            stop.end()
        offered = (*choices, *added)
        choice = next((one for one in offered if one.variant.source == source), None)
        own = added
        if choice is None:
            choice = choice_of(record, {one.variant.id for one in offered})
            own = (*added, choice)
        labels = [(one.label, one.variant.id) for one in (*choices, *own)]
        value = ticked if choice.variant.id in ticked else [*ticked, choice.variant.id]
        yield {
            compare.added: own,
            form.variants: gr.update(choices=labels, value=value),
            shown.added: said(f"{choice.variant.title} is ticked in the comparison."),
            shown.stop: gr.update(visible=False),
        }

    shown.add.click(
        add,
        [kept.chosen, kept.found, compare.added, form.variants, stop, visit],
        [compare.added, form.variants, shown.added, shown.stop],
        **AT_LENGTH,
    )
    shown.stop.click(lambda stop: stop.set(), stop, None, **QUIET)
