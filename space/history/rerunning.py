"""One stored comparison is run again, kept, and shown with what is not as it was."""

import logging
from collections.abc import Iterator
from typing import Any

import gradio as gr

from application import App
from compare_tab import CompareTab
from events import QUEUED, QUIET
from history import again
from history.cards import time_text
from history.differences import differences, sentence
from history.layout import HistoryTab, Updates, told
from history.recording import record
from history.values import Entry
from layout import problem
from menu import Choice
from opening import opened, outputs
from people import Visit, counted_as
from vlmscope import Run, VlmscopeError

log = logging.getLogger(__name__)


def run_again(app: App, compare: CompareTab, shown: HistoryTab, visit: gr.State) -> None:
    def run(
        visit: Visit,
        id: Any,
        added: tuple[Choice, ...],
        request: gr.Request,
        token: gr.OAuthToken | None,
    ) -> Iterator[Updates]:
        if not visit.stop.begin():
            yield {shown.saved: problem("A comparison runs on this page; stop it, or wait.")}
            return
        at_rest = {shown.again: gr.update(interactive=True), shown.stop: gr.update(visible=False)}
        try:
            yield {
                shown.again: gr.update(interactive=False),
                shown.stop: gr.update(visible=True),
                shown.saved: told("It begins."),
            }
            entry = app.history.entry(visit.person, int(id or 0))
            stored = app.history.run(visit.person, entry.id)
            plan, base = again.plan(app, stored, added), app.base_of(visit, token)
            made: Run | None = None
            who = counted_as(visit, request)
            for step in again.steps(app, stored, plan, visit.stop, who, base):
                made = step.run
                ended = f"{step.ended} of {step.total} variants have ended."
                yield {shown.saved: told(step.place or ended)}
            yield at_rest | _made(app, compare, shown, visit, entry, stored, made, plan, added)
        except VlmscopeError as refused:
            yield at_rest | {shown.saved: problem(str(refused))}
        except Exception:
            log.exception("a comparison could not be run again")
            said = "It failed unexpectedly; the server's log says where."
            yield at_rest | {shown.saved: problem(said)}
        finally:
            visit.stop.end()

    shown.again.click(
        run,
        [visit, shown.entry, compare.added],
        [*outputs(compare), shown.again, shown.stop, shown.saved],
        trigger_mode="once",
        **QUEUED,
    )
    shown.stop.click(lambda visit: visit.stop.set(), visit, None, **QUIET)


def _made(
    app: App,
    compare: CompareTab,
    shown: HistoryTab,
    visit: Visit,
    entry: Entry,
    stored: Run,
    made: Run | None,
    plan: again.Plan,
    added: tuple[Choice, ...],
) -> Updates:
    """What was run again, kept and in the grid, with what is not as it was."""
    if made is None:
        return {shown.saved: problem("It did not begin; try again.")}
    app.tracker.comparison(made, entry.expected)
    kept = record(app, visit, made, entry.expected, added)
    differs = [
        *differences(stored.stamp, made.stamp),
        *differences(stored.options, made.options),
    ]
    said = " ".join((sentence(differs), *plan.left_out))
    note = f"Run again; first on {time_text(entry.when)} UTC. {said}"
    return opened(app, compare, made, added, entry.expected, note, kept.id) | {
        shown.saved: problem(kept.problem) if kept.problem else told(said)
    }
