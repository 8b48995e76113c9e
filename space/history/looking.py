"""One entry: all of it, into the grid, and what its owner thinks of it."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import gradio as gr

from application import App
from compare_tab import CompareTab
from events import QUEUED, QUIET
from history.cards import details, time_text
from history.finding import list_parts, listed
from history.layout import NO_RATING, HistoryTab, Updates, told
from history.reading import plain_text
from history.values import HistoryError
from layout import problem
from menu import Choice
from opening import opened, outputs
from people import Visit


def look_at_entry(app: App, compare: CompareTab, shown: HistoryTab, visit: gr.State) -> None:
    parts = [shown.entry, shown.details, shown.own, shown.open, shown.again]
    own = [shown.rating, shown.votes, shown.tags, shown.notes, shown.saved]

    def look(visit: Visit, event: gr.EventData) -> Updates:
        try:
            entry = app.history.entry(visit.person, _id(event))
            batch = app.history.batch(visit.person, entry.id) if entry.kind == "batch" else None
        except HistoryError as refused:
            return _gone(shown, str(refused))
        return {
            shown.entry: entry.id,
            shown.details: details(entry, batch),
            shown.own: gr.update(visible=True),
            shown.open: gr.update(visible=batch is None),
            shown.again: gr.update(visible=batch is None),
            shown.rating: NO_RATING if entry.rating is None else entry.rating,
            shown.votes: gr.update(
                choices=[(tally.title, tally.id) for tally in entry.tallies],
                value=list(entry.votes),
            ),
            shown.tags: ", ".join(entry.tags),
            shown.notes: entry.notes,
            shown.saved: problem(""),
        }

    def open_run(visit: Visit, id: Any, added: tuple[Choice, ...]) -> Updates:
        return _opened(app, compare, shown, visit, id, added, None)

    def open_case(visit: Visit, id: Any, added: tuple[Choice, ...], event: gr.EventData) -> Updates:
        return _opened(app, compare, shown, visit, id, added, _index(event))

    shown.entries.select(look, visit, [*parts, *own], **QUIET)
    given, changed = [visit, shown.entry, compare.added], [*outputs(compare), shown.saved]
    shown.open.click(open_run, given, changed, **QUEUED)
    shown.details.select(open_case, given, changed, **QUEUED)


def _id(event: gr.EventData) -> int:
    """The id that a page says was clicked; 0, which nobody has, for what is none."""
    text = _index(event)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _index(event: gr.EventData) -> str:
    """What a page says was clicked, as text that can be looked for."""
    return plain_text(str(event._data.get("index"))) if isinstance(event._data, Mapping) else ""


def _gone(shown: HistoryTab, sentence: str) -> Updates:
    return {
        shown.entry: None,
        shown.details: f'<p class="problem" role="alert">{escape(sentence)}</p>',
        shown.own: gr.update(visible=False),
    }


def _opened(
    app: App,
    compare: CompareTab,
    shown: HistoryTab,
    visit: Visit,
    id: Any,
    added: tuple[Choice, ...],
    case_id: str | None,
) -> Updates:
    try:
        entry = app.history.entry(visit.person, int(id or 0))
        # A link can name a comparison by its number, and a case by none.
        number = None if case_id else entry.id
        if case_id is None:
            run = app.history.run(visit.person, entry.id)
            expected, which = entry.expected, "comparison"
        else:
            run = app.history.case_run(visit.person, entry.id, case_id)
            cases = app.history.batch(visit.person, entry.id).cases
            case = next(case for case in cases if case.id == case_id)
            expected, which = case.expected or None, f"case {case_id} of a batch"
    except HistoryError as refused:
        return {shown.saved: problem(str(refused))}
    note = f"A {which} of {time_text(entry.when)} UTC."
    return opened(app, compare, run, added, expected, note, number) | {shown.saved: problem("")}


def annotate_entry(
    app: App, shown: HistoryTab, visit: gr.State, picked: gr.State, page: gr.State
) -> None:
    def saving(save: Callable[[str, int, Any], None]) -> Callable[..., Updates]:
        def act(
            visit: Visit, id: Any, value: Any, page: int, picked: tuple[int, ...], *view: Any
        ) -> Updates:
            if not id:
                return {shown.saved: gr.skip()}
            try:
                save(visit.person, int(id), value)
            except HistoryError as refused:
                return {shown.saved: problem(str(refused))}
            return {shown.saved: told("Saved.")} | listed(app, shown, visit, page, picked, id, view)

        return act

    def rate(person: str, id: int, rating: Any) -> None:
        app.history.annotate(person, id, rating=rating)

    def vote(person: str, id: int, ids: list[str]) -> None:
        app.history.vote(person, id, *ids)

    def tag(person: str, id: int, text: str) -> None:
        app.history.annotate(person, id, tags=[each for each in text.split(",") if each.strip()])

    def note(person: str, id: int, text: str) -> None:
        app.history.annotate(person, id, notes=text)

    # The entry's id comes from the page, with the text: what is picked meanwhile is another's.
    for field, events, save in (
        (shown.rating, [shown.rating.input], rate),
        (shown.votes, [shown.votes.input], vote),
        (shown.tags, [shown.tags.blur, shown.tags.submit], tag),
        (shown.notes, [shown.notes.blur], note),
    ):
        gr.on(
            events,
            saving(save),
            [visit, shown.entry, field, page, picked, *shown.view],
            [shown.saved, *list_parts(shown)],
            **QUIET,
        )
