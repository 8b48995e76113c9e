"""One checkpoint that is picked: its card, and the notes that are written beside its file."""

from typing import Any

import gradio as gr

from application import App
from card import card
from checkpoints.layout import KEEPS, CheckpointsTab, Kept, said
from checkpoints.listing import listed
from checkpoints.looking import Beside
from events import QUEUED
from layout import problem
from menu import KINDS
from people import Visit
from shelf import Found, Shelf
from vlmscope import Checkpoint, VlmscopeError, annotate
from vlmscope.checkpoints.places import is_hub

NOTES = ("notes", "hypothesis", "result")


def pick_one(app: App, shown: CheckpointsTab, kept: Kept, visit: gr.State) -> None:
    """A row that is clicked shows its card; its notes are written where they may be."""
    shelf = app.shelf

    def pick(found: Found, event: gr.SelectData) -> list[Any]:
        record = _of_row(found, event.row_value)
        if record is None:
            return [gr.skip()] * (1 + len(shown.carded))
        return [record.source, *_carded(shelf, record)]

    def save(
        visit: Visit,
        token: gr.OAuthToken | None,
        source: str,
        found: Found,
        beside: Beside,
        keep: str,
        notes: str,
        hypothesis: str,
        result: str,
        *view: str,
    ) -> list[Any]:
        unchanged = [gr.skip()] * len(shown.listed)
        if not _can_write(shelf, found.named(source)):
            return [gr.skip(), said(""), *unchanged]
        texts = {"notes": notes, "hypothesis": hypothesis, "result": result}
        try:
            written = annotate(
                source, keep=KEEPS[keep], **{key: text or None for key, text in texts.items()}
            )
        except VlmscopeError as refused:
            return [gr.skip(), problem(str(refused)), *unchanged]
        read = shelf.look(beside.places, app.readers.of(visit.person, token))
        return [read, said(f"Written to {written.name}."), *listed(shelf, read, *view)]

    shown.table.select(pick, kept.found, [kept.chosen, *shown.carded], **QUEUED)
    shown.save.click(
        save,
        [visit, kept.chosen, kept.found, kept.beside, *shown.written, *shown.view],
        [kept.found, shown.saved, *shown.listed],
        **QUEUED,
    )


def _of_row(found: Found, row: Any) -> Checkpoint | None:
    """The checkpoint of a row of the table, which begins with its number from 1; None for no row."""
    try:
        number = int(row[0])
    except (TypeError, ValueError, LookupError):
        return None
    return found.records[number - 1] if 0 < number <= len(found.records) else None


def _can_write(shelf: Shelf, record: Checkpoint | None) -> bool:
    return record is not None and shelf.is_private and not is_hub(record.source)


def _carded(shelf: Shelf, record: Checkpoint) -> list[Any]:
    check = shelf.check(record, thoroughly=True)
    can_write = _can_write(shelf, record)
    keep = next((name for name, value in KEEPS.items() if value is record.keep), "undecided")
    return [
        card(record, check, shelf.is_private or is_hub(record.source)),
        gr.update(visible=check.ok and record.kind in KINDS),
        gr.update(visible=False),
        gr.update(value=keep, visible=can_write),
        *(gr.update(value=getattr(record, name) or "", visible=can_write) for name in NOTES),
        gr.update(visible=can_write),
        gr.update(visible=False),
    ]
