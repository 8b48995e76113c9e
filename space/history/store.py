"""The history: every comparison and batch that a person made, theirs alone, in one SQLite file."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import finalize

from history import reading
from history.database import Database
from history.packing import unpack
from history.presence import Presence
from history.reading import Filter, no_batch, not_there, own_entry
from history.temporary import new_folder
from history.values import Batch, Entry, HistoryError, State
from history.writing import (
    Brought,
    ImageGone,
    Marks,
    NewCase,
    NewEntry,
    Packed,
    check_notes,
    find_image,
    forget_case,
    forget_unused_images,
    insert_case,
    insert_entry,
    pack_case,
    set_column,
    set_marks,
    used,
    variants_of,
)
from vlmscope import Run, judge
from vlmscope.evidence.cases import CaseRun
from vlmscope.values import strict_json
from vlmscope.values.errors import shown

LEAST_FREE = 256 * 2**20
"""Bytes of the disk that are left to others."""


class History:
    """Comparisons and batches by person, in `folder`, or for the life of this object without one.

    Safe for many threads, and for many processes with one folder. An id of somebody else's is not
    there: every method raises NotThere for it. Without a person ("") nothing is kept. Raises
    HistoryError for what cannot be kept or read.
    """

    def __init__(self, folder: Path | None, person_bytes: int | None = None) -> None:
        """`person_bytes` is the most that one person may keep; none: what the disk holds."""
        self.folder = new_folder() if folder is None else folder
        self.is_lasting = folder is not None
        self._person_bytes = person_bytes
        self._when_forgotten: list[Callable[[str], None]] = []
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._presence = Presence(self.folder)
        except OSError as error:
            raise HistoryError(
                f"The folder {self.folder} of the history cannot be used ({error.strerror}); mend "
                "its permissions, or set HISTORY to another folder."
            ) from error
        try:
            self._database = Database(self.folder)
        except HistoryError:
            self._presence.close()
            raise
        # Also when nobody closes it: at the end of the process, or of the object.
        self._close = finalize(
            self, _close, self._database, self._presence, None if self.is_lasting else self.folder
        )

    def close(self) -> None:
        """Let go of the folder; a temporary one is deleted."""
        self._close()

    def when_forgotten(self, tell: Callable[[str], None]) -> None:
        """Have it told of a person who deleted entries: what lies elsewhere for them goes too."""
        self._when_forgotten.append(tell)

    def keep_run(
        self, person: str, run: Run, *, expected: str | None = None, when: float | None = None
    ) -> int:
        """Keep a comparison, judged by `expected` when that is known; gives its entry's id.

        `when` is when it was made, in seconds since 1970; now, unless told otherwise.
        """
        accepted = (expected,) if expected else ()
        judged = {
            r.id: judge(r.answer, accepted) if r.status == "done" else None for r in run.results
        }
        plan = {"stamp": run.stamp, "options": run.options}
        new = NewEntry(person, "comparison", run.query, 1, "done", plan=plan, made=when)
        case = NewCase("", "", run.query, accepted, run, judged)
        return self._insert(person, case, lambda connection: insert_entry(connection, new))

    def adopt(self, person: str, brought: Iterable[Brought]) -> list[int]:
        """Keep entries that were brought, all of them or none; gives their ids."""
        ids = []
        with self._keeping(person) as connection:
            for each in brought:
                id = insert_entry(connection, replace(each.entry, person=person))
                for case in each.cases:
                    insert_case(connection, person, id, case)
                set_marks(connection, own_entry(connection, person, id), each.marks)
                ids.append(id)
        return ids

    def begin_batch(
        self, person: str, plan: Mapping[str, Any], total: int, *, when: float | None = None
    ) -> int:
        """Keep a batch of `total` cases that runs from now on in this process; gives its entry's id.

        `plan` is whatever is needed to go on with it, as JSON holds it; its `name` is the title.
        """
        title, token = str(plan.get("name") or "Batch"), self._presence.token
        new = NewEntry(person, "batch", title, total, "running", token, plan, when)
        with self._keeping(person) as connection:
            return insert_entry(connection, new)

    def keep_case(self, person: str, batch: int, case: CaseRun) -> None:
        """Keep a case of a batch; one with the same id that is there already is replaced."""
        asked = case.case
        new = NewCase(
            *(asked.id, asked.type, asked.query, asked.expected),
            *(case.run, case.judgements, case.error, case.seconds),
        )

        def entry_of(connection: sqlite3.Connection) -> int:
            no_batch(own_entry(connection, person, batch))
            forget_case(connection, batch, asked.id)
            return batch

        self._insert(person, new, entry_of)

    def set_batch(self, person: str, batch: int, state: State) -> None:
        """Say that a batch runs in this process, or how it ended.

        Raises HistoryError for one that runs in another process.
        """
        with self._database.writing() as connection:
            row = own_entry(connection, person, batch)
            no_batch(row)
            owner = row["owner"]
            is_elsewhere = owner != self._presence.token and self._presence.is_alive(owner)
            if row["state"] == "running" and is_elsewhere:
                raise HistoryError(
                    "This batch runs in another vlmscope with the same history; stop it there first."
                )
            connection.execute(
                "UPDATE entries SET state = ?, owner = ? WHERE id = ?",
                (state, self._presence.token if state == "running" else "", batch),
            )

    def batch(self, person: str, id: int) -> Batch:
        """A batch with all its kept cases; one whose process ended while it ran is paused."""
        with self._database.reading() as connection:
            row = own_entry(connection, person, id)
            no_batch(row)
            cases = reading.cases(connection, id)
            return Batch(self._entry(connection, row), json.loads(row["plan"]), tuple(cases))

    def case_run(self, person: str, batch: int, case_id: str) -> Run:
        """The run of a batch's case, image and maps included."""
        return self._run(person, batch, case_id)

    def run(self, person: str, id: int) -> Run:
        """A comparison's run, image and maps included."""
        return self._run(person, id, "")

    def entries(
        self,
        person: str,
        search: str = "",
        tags: Sequence[str] = (),
        kinds: Sequence[str] = (),
        least_rating: int = 0,
        page: int = 0,
        page_size: int = 50,
    ) -> list[Entry]:
        """Entries, newest first. Every word of `search` stands in the question, an answer, a title,
        the notes or the tags; every tag of `tags` is among the entry's."""
        wanted = _filter(person, search, tags, kinds, least_rating)
        with self._database.reading() as connection:
            rows = reading.found(connection, wanted, page_size, page * page_size)
            return [self._entry(connection, row) for row in rows]

    def count(self, person: str, **wanted: Any) -> int:
        """How many entries there are on all pages that `entries` would give."""
        with self._database.reading() as connection:
            return reading.count(connection, _filter(person, **wanted))

    def ids(self, person: str, **wanted: Any) -> list[int]:
        """The ids of all entries that `entries` would give on all its pages."""
        with self._database.reading() as connection:
            return [row["id"] for row in reading.found(connection, _filter(person, **wanted))]

    def entry(self, person: str, id: int) -> Entry:
        with self._database.reading() as connection:
            return self._entry(connection, own_entry(connection, person, id))

    def entries_of(self, person: str, ids: Sequence[int]) -> list[Entry]:
        """The entries with these ids, in that order."""
        with self._database.reading() as connection:
            return [self._entry(connection, own_entry(connection, person, id)) for id in ids]

    def tags(self, person: str) -> list[str]:
        """Every tag that a person gave, in the order of the alphabet."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT DISTINCT tags FROM entries WHERE person = ?", (person,)
            )
            return sorted(
                {tag for row in rows for tag in json.loads(row["tags"])}, key=str.casefold
            )

    def annotate(
        self,
        person: str,
        id: int,
        notes: str | None = None,
        tags: Sequence[str] | None = None,
        rating: int | None = None,
    ) -> None:
        """Set notes, tags or a rating from 0 to 5; None leaves what is there, and -1 takes a rating away."""
        check_notes(notes, tags, rating)
        with self._writing(person) as connection:
            row = own_entry(connection, person, id)
            marks = Marks(
                notes=row["notes"] if notes is None else notes,
                tags=tuple(json.loads(row["tags"]) if tags is None else tags),
                rating=row["rating"] if rating is None else None if rating < 0 else rating,
                votes=tuple(json.loads(row["votes"])),
            )
            set_marks(connection, row, marks)

    def vote(self, person: str, id: int, *variant_ids: str) -> None:
        """Say which variants were best, in place of an earlier vote; none takes that back."""
        with self._writing(person) as connection:
            own_entry(connection, person, id)
            there = variants_of(connection, id)
            for each in variant_ids:
                if each not in there:
                    raise HistoryError(f"{shown(each)} is no variant of this entry; vote for one.")
            set_column(connection, id, "votes", strict_json.dumps(list(dict.fromkeys(variant_ids))))

    def forget(self, person: str, ids: Sequence[int]) -> None:
        """Delete entries, with their images when no other entry has them."""
        with self._database.writing() as connection:
            for id in ids:
                row = own_entry(connection, person, id)
                if row["state"] == "running" and self._presence.is_alive(row["owner"]):
                    raise HistoryError("A batch among these runs still; stop it first.")
                connection.execute("DELETE FROM entries WHERE id = ?", (id,))
            forget_unused_images(connection, person)
        self._database.shrink()
        for tell in self._when_forgotten:
            tell(person)

    def forget_person(self, person: str) -> None:
        """Delete all that a person kept."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM entries WHERE person = ?", (person,))
            forget_unused_images(connection, person)
        self._database.shrink()

    def used(self, person: str) -> int:
        """The bytes that a person's history takes, about."""
        with self._database.reading() as connection:
            return used(connection, person)

    def _entry(self, connection: sqlite3.Connection, row: sqlite3.Row) -> Entry:
        is_orphan = row["state"] == "running" and not self._presence.is_alive(row["owner"])
        return reading.entry(connection, row, "paused" if is_orphan else row["state"])

    def _run(self, person: str, id: int, case_id: str) -> Run:
        with self._database.reading() as connection:
            own_entry(connection, person, id)
            row = connection.execute(
                "SELECT document, png FROM cases JOIN runs ON kept = cases.id "
                "JOIN images ON images.id = image WHERE entry = ? AND name = ?",
                (id, case_id),
            ).fetchone()
        if row is None:
            raise not_there()
        return unpack(row["document"], row["png"])

    def _insert(
        self, person: str, new: NewCase, entry_of: Callable[[sqlite3.Connection], int]
    ) -> int:
        """Keep a case in the entry that `entry_of` makes or finds in the same transaction."""

        def is_there(digest: str) -> bool:
            with self._database.reading() as connection:
                return find_image(connection, person, digest) is not None

        def keep(packed: Packed) -> int:
            with self._keeping(person) as connection:
                entry = entry_of(connection)
                insert_case(connection, person, entry, packed)
            return entry

        try:
            return keep(pack_case(new, is_there))
        except ImageGone:
            return keep(pack_case(new))

    @contextmanager
    def _writing(self, person: str) -> Iterator[sqlite3.Connection]:
        """A transaction on behalf of a person, undone when they then keep more than they may."""
        if not person:
            raise HistoryError(
                "Nothing is kept for someone who has no history; open the page first."
            )
        with self._database.writing() as connection:
            yield connection
            if self._person_bytes is not None and used(connection, person) > self._person_bytes:
                raise HistoryError(
                    f"Your history holds {self._person_bytes / 2**20:,.0f} MiB, the most here, so "
                    "this was not kept; export some of it and delete that."
                )

    @contextmanager
    def _keeping(self, person: str) -> Iterator[sqlite3.Connection]:
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise HistoryError(
                f"The folder of the history is gone ({error.strerror}), so this was not kept; "
                "start the app anew."
            ) from error
        if free < LEAST_FREE:
            raise HistoryError(
                f"The disk of the history has only {free / 2**20:,.0f} MiB left, so this was not "
                "kept; delete something and try again."
            )
        with self._writing(person) as connection:
            yield connection


def _close(database: Database, presence: Presence, temporary: Path | None) -> None:
    database.close()
    presence.close()
    if temporary:
        shutil.rmtree(temporary, ignore_errors=True)


def _filter(
    person: str,
    search: str = "",
    tags: Sequence[str] = (),
    kinds: Sequence[str] = (),
    least_rating: int = 0,
) -> Filter:
    return Filter(person, search, tuple(tags), tuple(kinds), least_rating)
