"""How entries, cases and answers become rows of the history's tables."""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from history.packing import digest, pack, png, thumbnail
from history.reading import plain_text, searchable
from history.values import HistoryError, Kind, State
from titles import heading
from vlmscope import Judgement, Result, Run
from vlmscope.values import strict_json
from vlmscope.values.errors import shown

MAX_TITLE = 200
MAX_NOTES = 20_000
MAX_TAGS = 20
MAX_TAG = 60
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
class Marks:
    """What a person thinks of an entry, checked: raises HistoryError for what is too much of it."""

    notes: str = ""
    tags: tuple[str, ...] = ()
    rating: int | None = None
    votes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_notes(self.notes, self.tags, self.rating)


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
    """A case as its rows hold it, made before the transaction that keeps others waiting.

    `image` is thumbnail and PNG; None when the person's history had this image already.
    """

    row: tuple[Any, ...]
    answers: tuple[tuple[Any, ...], ...]
    words: str
    document: bytes | None
    digest: str | None
    image: tuple[bytes, bytes] | None

    @property
    def size(self) -> int:
        """Bytes, about, but for the image, which other cases may share."""
        return ROW_BYTES * (1 + len(self.answers)) + 2 * len(self.words) + len(self.document or b"")


@dataclass(frozen=True)
class Brought:
    """An entry from elsewhere, whole; its person is whoever brings it."""

    entry: NewEntry
    marks: Marks
    cases: tuple[Packed, ...]


class ImageGone(Exception):
    """An image that was there when its case was packed is not there any more."""


def pack_case(new: NewCase, has_image: Callable[[str], bool] = lambda digest: False) -> Packed:
    """A case ready to be inserted; without its image where `has_image` says that it is there."""
    run = new.run
    results = run.results if run else ()
    titles = [heading(result.variant) for result in results]
    told = (new.question, *titles, *(result.answer for result in results), new.id, new.type)
    known = digest(run.image.pixels) if run else None
    image = None
    if run and known and not has_image(known):
        image = (thumbnail(run.image.pixels), png(run.image.pixels))
    return Packed(
        row=(
            *(plain_text(new.id), plain_text(new.type), plain_text(new.question)),
            *(
                strict_json.dumps(list(map(plain_text, new.expected))),
                new.error and plain_text(new.error),
            ),
            new.seconds,
        ),
        answers=tuple(
            _answer(result, title, new.judgements.get(result.id))
            for result, title in zip(results, titles, strict=True)
        ),
        words=searchable(told),
        document=pack(run) if run else None,
        digest=known,
        image=image,
    )


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


def insert_case(connection: sqlite3.Connection, person: str, entry: int, new: Packed) -> None:
    """Insert a packed case into a person's own entry; raises ImageGone."""
    image = None if new.digest is None else _image_id(connection, person, new.digest, new.image)
    kept = connection.execute(
        "INSERT INTO cases "
        "(entry, name, type, question, expected, error, seconds, image, words, bytes) "
        f"VALUES ({', '.join('?' * 10)})",
        (entry, *new.row, image, new.words, new.size),
    ).lastrowid
    connection.executemany(
        f"INSERT INTO answers VALUES ({', '.join('?' * 12)})",
        [(kept, position, *answer) for position, answer in enumerate(new.answers)],
    )
    if new.document is not None:
        connection.execute("INSERT INTO runs VALUES (?, ?)", (kept, new.document))
    connection.execute("UPDATE entries SET bytes = bytes + ? WHERE id = ?", (new.size, entry))


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


def find_image(connection: sqlite3.Connection, person: str, digest: str) -> int | None:
    """A person's kept image; their runs about one image share it."""
    row = connection.execute(
        "SELECT id FROM images WHERE person = ? AND digest = ?", (person, digest)
    ).fetchone()
    return row and row["id"]


def _image_id(
    connection: sqlite3.Connection, person: str, digest: str, image: tuple[bytes, bytes] | None
) -> int | None:
    there = find_image(connection, person, digest)
    if there is not None:
        return there
    if image is None:
        raise ImageGone
    small, whole = image
    return connection.execute(
        "INSERT INTO images (person, digest, bytes, thumbnail, png) VALUES (?, ?, ?, ?, ?)",
        (person, digest, len(whole) + len(small), small, whole),
    ).lastrowid


def set_marks(connection: sqlite3.Connection, row: sqlite3.Row, marks: Marks) -> None:
    """What a person thinks of an entry, in place of what they thought; votes for none of it are left out."""
    notes = plain_text(marks.notes.strip())
    tags = list(dict.fromkeys(plain_text(tag.strip()) for tag in marks.tags if tag.strip()))
    there = variants_of(connection, row["id"])
    votes = list(dict.fromkeys(each for each in marks.votes if each in there))
    connection.execute(
        "UPDATE entries SET notes = ?, tags = ?, rating = ?, votes = ?, words = ? WHERE id = ?",
        (
            *(notes, strict_json.dumps(tags), marks.rating, strict_json.dumps(votes)),
            *(searchable((row["title"], notes, *tags)), row["id"]),
        ),
    )


def variants_of(connection: sqlite3.Connection, entry: int) -> set[str]:
    rows = connection.execute(
        "SELECT DISTINCT variant FROM answers JOIN cases ON cases.id = kept WHERE entry = ?",
        (entry,),
    )
    return {row["variant"] for row in rows}


def _answer(result: Result, title: str, judged: Judgement | None) -> tuple[Any, ...]:
    return (
        *(plain_text(result.id), plain_text(str(result.variant)), plain_text(title)),
        *(result.status, plain_text(result.answer)),
        *(result.metrics.get("image_tokens"), result.metrics.get("total_s")),
        *((None, "") if judged is None else (int(judged.correct), judged.how)),
        None if result.error is None else plain_text(result.error),
    )


def check_notes(notes: str | None, tags: Sequence[str] | None, rating: int | None) -> None:
    if notes is not None and len(notes) > MAX_NOTES:
        raise HistoryError(
            f"The notes have {len(notes):,} characters, and {MAX_NOTES:,} are the most; shorten them."
        )
    if tags is not None and len(tags) > MAX_TAGS:
        raise HistoryError(f"There are {len(tags)} tags, and {MAX_TAGS} are the most; drop some.")
    for tag in tags or ():
        if len(tag) > MAX_TAG:
            raise HistoryError(
                f"The tag {shown(tag)} has {len(tag):,} characters, and {MAX_TAG} are the most; "
                "shorten it."
            )
    if rating is not None and not -1 <= rating <= 5:
        raise HistoryError(f"{shown(rating)} is no rating; give 0 to 5.")
