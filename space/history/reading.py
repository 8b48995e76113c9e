"""What is read from the history's tables, as the values that it tells."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from history.packing import data_url
from history.values import Answer, Case, Entry, NotThere, State, Tally


@dataclass(frozen=True)
class Filter:
    """Which entries of a person; an empty field lets all pass."""

    person: str
    search: str
    tags: tuple[str, ...]
    kinds: tuple[str, ...]
    least_rating: int


def plain_text(text: str) -> str:
    """The text as it can be written down: half a character (a lone surrogate) cannot."""
    return text.encode("utf-8", "replace").decode()


def searchable(texts: Iterable[str]) -> str:
    return "\n".join(plain_text(text).casefold() for text in texts if text)


def not_there() -> NotThere:
    return NotThere("This entry is not in your history any more; reload the page.")


def own_entry(connection: sqlite3.Connection, person: str, id: int) -> sqlite3.Row:
    """A person's own entry; raises NotThere for any other."""
    row = connection.execute(
        "SELECT * FROM entries WHERE id = ? AND person = ?", (_whole(id), person)
    ).fetchone()
    if row is None:
        raise not_there()
    return row


def no_batch(row: sqlite3.Row) -> None:
    """Raises NotThere for an entry that is no batch."""
    if row["kind"] != "batch":
        raise NotThere("This entry is a comparison and no batch; pick a batch.")


def found(
    connection: sqlite3.Connection, wanted: Filter, limit: int = -1, offset: int = 0
) -> list[sqlite3.Row]:
    where, values = _conditions(wanted)
    return connection.execute(
        f"SELECT * FROM entries WHERE {where} ORDER BY made DESC, id DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    ).fetchall()


def count(connection: sqlite3.Connection, wanted: Filter) -> int:
    where, values = _conditions(wanted)
    return connection.execute(f"SELECT count(*) FROM entries WHERE {where}", values).fetchone()[0]


def entry(connection: sqlite3.Connection, row: sqlite3.Row, state: State) -> Entry:
    is_batch = row["kind"] == "batch"
    first = next(cases(connection, row["id"], limit=1), None)
    plan = {} if is_batch else json.loads(row["plan"])
    kept = connection.execute("SELECT count(*) FROM cases WHERE entry = ?", (row["id"],))
    return Entry(
        id=row["id"],
        kind=row["kind"],
        when=datetime.fromtimestamp(row["made"], UTC),
        title=row["title"],
        thumbnail=first.thumbnail if first else "",
        notes=row["notes"],
        tags=tuple(json.loads(row["tags"])),
        rating=row["rating"],
        votes=tuple(json.loads(row["votes"])),
        state=state,
        kept=kept.fetchone()[0],
        total=row["total"],
        tallies=tuple(_tallies(connection, row["id"])),
        case=None if is_batch else first,
        stamp=plan.get("stamp", {}),
        options=plan.get("options", {}),
    )


def cases(connection: sqlite3.Connection, entry: int, limit: int = -1) -> Iterator[Case]:
    """The kept cases of an entry, in the order they were kept."""
    small: dict[int, str] = {}
    rows = connection.execute(
        "SELECT * FROM cases WHERE entry = ? ORDER BY id LIMIT ?", (entry, limit)
    )
    for row in rows:
        image = row["image"]
        if image is not None and image not in small:
            found = connection.execute("SELECT thumbnail FROM images WHERE id = ?", (image,))
            small[image] = data_url(found.fetchone()["thumbnail"])
        answers = connection.execute(
            "SELECT * FROM answers WHERE kept = ? ORDER BY position", (row["id"],)
        )
        yield Case(
            id=row["name"],
            type=row["type"],
            question=row["question"],
            expected=tuple(json.loads(row["expected"])),
            thumbnail="" if image is None else small[image],
            error=row["error"],
            seconds=row["seconds"],
            answers=tuple(map(_answer, answers)),
        )


def _answer(row: sqlite3.Row) -> Answer:
    return Answer(
        id=row["variant"],
        variant=row["line"],
        title=row["title"],
        status=row["status"],
        answer=row["answer"],
        image_tokens=row["image_tokens"],
        total_s=row["total_s"],
        correct=None if row["correct"] is None else bool(row["correct"]),
        how=row["how"],
        error=row["error"],
    )


def _tallies(connection: sqlite3.Connection, entry: int) -> Iterator[Tally]:
    rows = connection.execute(
        "SELECT variant, min(title) AS title, coalesce(sum(correct), 0) AS correct, "
        "count(correct) AS judged, count(*) AS total, min(position) AS position "
        "FROM answers JOIN cases ON cases.id = kept WHERE entry = ? "
        "GROUP BY variant ORDER BY position",
        (entry,),
    )
    for row in rows:
        yield Tally(row["variant"], row["title"], row["correct"], row["judged"], row["total"])


def _conditions(wanted: Filter) -> tuple[str, list[Any]]:
    where = ["person = ?"]
    values: list[Any] = [wanted.person]
    for word in searchable([wanted.search]).split():
        # Not LIKE: its letters are equal in ASCII alone, and these are folded already.
        where.append(
            "(instr(words, ?) OR EXISTS (SELECT 1 FROM cases "
            "WHERE entry = entries.id AND instr(cases.words, ?)))"
        )
        values += [word, word]
    if wanted.kinds:
        where.append(f"kind IN ({', '.join('?' * len(wanted.kinds))})")
        values += wanted.kinds
    for tag in wanted.tags:
        where.append("EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)")
        values.append(tag)
    if wanted.least_rating:
        where.append("rating >= ?")
        values.append(wanted.least_rating)
    return " AND ".join(where), values


def _whole(id: object) -> int:
    if isinstance(id, bool) or not isinstance(id, int) or not 0 < id < 2**63:
        raise not_there()
    return id
