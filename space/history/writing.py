"""How entries, cases and answers become rows of the history's tables."""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from history.packing import digest, pack, png, thumbnail
from history.reading import plain_text, searchable
from history.values import HistoryError, Kind, State
from titles import heading
from vlmscope import Judgement, Result, Run
from vlmscope.values import strict_json

MAX_TITLE = 200
MAX_PLAN = 8 * 2**20
"""Characters of a batch's plan as JSON."""
ROW_BYTES = 200
"""What a row takes beside its texts, about."""


@dataclass(frozen=True)
class NewEntry:
    """An entry as it begins; `made` in seconds since 1970, None for now."""

    person: str
    kind: Kind
    title: str
    total: int
    state: State
    owner: str = ""
    plan: Mapping[str, Any] | None = None
    made: float | None = None


@dataclass(frozen=True)
class NewCase:
    """A case to keep, a comparison's only one included, which has an empty id."""

    id: str
    type: str
    question: str
    expected: Sequence[str]
    run: Run | None
    judgements: Mapping[str, Judgement | None]
    error: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Packed:
    """A run's bytes, made before the transaction that would keep others waiting."""

    digest: str
    document: bytes
    image: tuple[bytes, bytes] | None
    """Thumbnail and PNG; None when the person's history has this image already."""


def packed(connection: sqlite3.Connection, person: str, run: Run) -> Packed:
    known = digest(run.image.pixels)
    is_there = _image_id(connection, person, known) is not None
    return Packed(known, pack(run), None if is_there else _image_bytes(run))


def insert_entry(connection: sqlite3.Connection, new: NewEntry) -> int:
    title, plan = plain_text(new.title)[:MAX_TITLE], strict_json.dumps(new.plan or {})
    if len(plan) > MAX_PLAN:
        raise HistoryError(
            f"The plan of this batch has {len(plan):,} characters, and {MAX_PLAN:,} are the most "
            "that is kept; split it."
        )
    made = time.time() if new.made is None else new.made
    row = (new.person, new.kind, made, title, plan, new.total, new.state, new.owner)
    made_row = connection.execute(
        "INSERT INTO entries (person, kind, made, title, plan, total, state, owner, words, bytes) "
        f"VALUES ({', '.join('?' * 10)})",
        (*row, searchable((title,)), ROW_BYTES + len(plan)),
    )
    assert made_row.lastrowid is not None
    return made_row.lastrowid


def insert_case(
    connection: sqlite3.Connection, person: str, entry: int, new: NewCase, packed: Packed | None
) -> None:
    results = new.run.results if new.run else ()
    titles = [heading(result.variant) for result in results]
    answers = (result.answer for result in results)
    words = searchable((new.question, *titles, *answers, new.id, new.type))
    size = ROW_BYTES * (1 + len(results)) + 2 * len(words) + (len(packed.document) if packed else 0)
    image = None
    if new.run and packed:
        image = _image_id(connection, person, packed.digest)
        if image is None:
            image = _insert_image(connection, person, new.run, packed)
    row = (plain_text(new.id), plain_text(new.type), plain_text(new.question))
    kept = connection.execute(
        "INSERT INTO cases "
        "(entry, name, type, question, expected, error, seconds, image, words, bytes) "
        f"VALUES ({', '.join('?' * 10)})",
        (
            *(entry, *row, strict_json.dumps(list(new.expected))),
            *(new.error and plain_text(new.error), new.seconds, image, words, size),
        ),
    ).lastrowid
    connection.executemany(
        f"INSERT INTO answers VALUES ({', '.join('?' * 12)})",
        [
            (kept, position, *_answer(result, title, new.judgements.get(result.id)))
            for position, (result, title) in enumerate(zip(results, titles, strict=True))
        ],
    )
    if packed:
        connection.execute("INSERT INTO runs VALUES (?, ?)", (kept, packed.document))
    connection.execute("UPDATE entries SET bytes = bytes + ? WHERE id = ?", (size, entry))


def forget_case(connection: sqlite3.Connection, entry: int, id: str) -> None:
    row = (entry, plain_text(id))
    connection.execute(
        "UPDATE entries SET bytes = bytes - coalesce("
        "(SELECT bytes FROM cases WHERE entry = ?1 AND name = ?2), 0) WHERE id = ?1",
        row,
    )
    connection.execute("DELETE FROM cases WHERE entry = ? AND name = ?", row)


def forget_unused_images(connection: sqlite3.Connection, person: str) -> None:
    connection.execute(
        "DELETE FROM images WHERE person = ? AND id NOT IN "
        "(SELECT image FROM cases WHERE image IS NOT NULL)",
        (person,),
    )


def used(connection: sqlite3.Connection, person: str) -> int:
    """The bytes of all that a person keeps."""
    return connection.execute(
        "SELECT (SELECT coalesce(sum(bytes), 0) FROM entries WHERE person = ?1) + "
        "(SELECT coalesce(sum(bytes), 0) FROM images WHERE person = ?1)",
        (person,),
    ).fetchone()[0]


def set_column(connection: sqlite3.Connection, id: int, column: str, value: object) -> None:
    connection.execute(f"UPDATE entries SET {column} = ? WHERE id = ?", (value, id))


def _image_id(connection: sqlite3.Connection, person: str, digest: str) -> int | None:
    row = connection.execute(
        "SELECT id FROM images WHERE person = ? AND digest = ?", (person, digest)
    ).fetchone()
    return row and row["id"]


def _insert_image(
    connection: sqlite3.Connection, person: str, run: Run, packed: Packed
) -> int | None:
    # Deleted since it was looked for: then it is packed now.
    small, whole = packed.image or _image_bytes(run)
    return connection.execute(
        "INSERT INTO images (person, digest, bytes, thumbnail, png) VALUES (?, ?, ?, ?, ?)",
        (person, packed.digest, len(whole) + len(small), small, whole),
    ).lastrowid


def _image_bytes(run: Run) -> tuple[bytes, bytes]:
    return thumbnail(run.image.pixels), png(run.image.pixels)


def _answer(result: Result, title: str, judged: Judgement | None) -> tuple[Any, ...]:
    return (
        *(plain_text(result.id), plain_text(str(result.variant)), plain_text(title)),
        *(result.status, plain_text(result.answer)),
        *(result.metrics.get("image_tokens"), result.metrics.get("total_s")),
        *((None, "") if judged is None else (int(judged.correct), judged.how)),
        None if result.error is None else plain_text(result.error),
    )
