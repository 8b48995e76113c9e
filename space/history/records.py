"""Entries as records that a file holds and this app reads again: an image, an entry, a case in each.

A case belongs to the entry before it, and names its image, which stands before it once. A batch's
plan is no part of it: it names places of the machine that it ran on.
"""

import base64
from collections.abc import Iterator, Sequence
from typing import Any

from history.packing import digest, png
from history.store import History
from history.values import Answer, Case, Entry
from vlmscope import Run

FORMAT = "vlmscope.history"
SCHEMA_VERSION = 1
HEAD = {"format": FORMAT, "schema_version": SCHEMA_VERSION}


def records(history: History, person: str, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The records of a person's entries, one after the other; raises HistoryError."""
    told: set[str] = set()
    for id in ids:
        entry = history.entry(person, id)
        yield {"entry": _entry(entry)}
        for case, run in kept_cases(history, person, entry):
            known = None if run is None else digest(run.image.pixels)
            if run and known and known not in told:
                told.add(known)
                pixels = base64.b64encode(png(run.image.pixels)).decode("ascii")
                yield {"image": {"digest": known, "png": pixels}}
            yield {"case": _case(case, run, known)}


def kept_cases(history: History, person: str, entry: Entry) -> Iterator[tuple[Case, Run | None]]:
    """The cases of an entry with their runs; None for one that was refused."""
    if entry.case:
        yield entry.case, history.run(person, entry.id)
        return
    for case in history.batch(person, entry.id).cases:
        yield case, None if case.error else history.case_run(person, entry.id, case.id)


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "when": entry.when.isoformat(),
        "title": entry.title,
        "state": entry.state,
        "total": entry.total,
        "notes": entry.notes,
        "tags": entry.tags,
        "rating": entry.rating,
        "votes": entry.votes,
    }


def _case(case: Case, run: Run | None, image: str | None) -> dict[str, Any]:
    return {
        "id": case.id,
        "type": case.type,
        "question": case.question,
        "expected": case.expected,
        "error": case.error,
        "seconds": case.seconds,
        "judged": {answer.id: _judged(answer) for answer in case.answers},
        "image": image,
        "run": None if run is None else run.to_document(with_pixels=False),
    }


def _judged(answer: Answer) -> dict[str, Any] | None:
    return None if answer.correct is None else {"correct": answer.correct, "how": answer.how}
