"""What was peeked before, kept between runs: a file that did not change is not read again."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from vlmscope.checkpoints.record import Checkpoint
from vlmscope.values import strict_json

VERSION = 2
"""Of what a peek says: a newer one reads everything anew."""
MOST = 20_000
"""Records kept; the oldest go first."""
MOST_BYTES = 2_000_000
"""Of one record: a larger one, of tens of thousands of tensors, is read anew."""


def index_file() -> Path:
    """Where it lies: in the person's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "vlmscope" / f"peeks-{VERSION}.sqlite3"


class Index:
    """Records by path and stamp. Where it cannot be kept there is none, and everything is read.

    Paths are kept as JSON has them, in ASCII: a file's name may be no text at all.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._database: sqlite3.Connection | None = None
        try:
            place = path or index_file()
            place.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(place, timeout=2.0)
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS peeks "
                "(path TEXT PRIMARY KEY, stamp TEXT NOT NULL, record TEXT NOT NULL)"
            )
        except (OSError, sqlite3.Error):
            self._database = None

    def get(self, stamps: dict[str, str]) -> dict[str, Checkpoint]:
        """The records of those paths whose stamp is what it was."""
        found: dict[str, Checkpoint] = {}
        paths = {json.dumps(path): path for path in stamps}
        kept = list(paths)
        try:
            for start in range(0, len(kept) if self._database else 0, 500):
                some = kept[start : start + 500]
                marks = ",".join("?" * len(some))
                rows = self._database.execute(  # type: ignore[union-attr]
                    f"SELECT path, stamp, record FROM peeks WHERE path IN ({marks})", some
                )
                for row, stamp, text in rows:
                    record = _record(text) if stamps[paths[row]] == stamp else None
                    if record is not None:
                        found[paths[row]] = record
        except (sqlite3.Error, KeyError):
            return {}
        return found

    def put(self, records: Iterable[tuple[str, str, Checkpoint]]) -> None:
        """Keep records under their paths and stamps."""
        rows = [
            (json.dumps(path), stamp, text)
            for path, stamp, record in records
            if len(text := strict_json.dumps(record.to_dict())) <= MOST_BYTES
        ]
        if self._database is None or not rows:
            return
        try:
            with self._database:
                self._database.executemany("REPLACE INTO peeks VALUES (?, ?, ?)", rows)
                self._database.execute(
                    "DELETE FROM peeks WHERE rowid NOT IN "
                    "(SELECT rowid FROM peeks ORDER BY rowid DESC LIMIT ?)",
                    (MOST,),
                )
        except sqlite3.Error:
            pass

    def close(self) -> None:
        if self._database is not None:
            self._database.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _record(text: object) -> Checkpoint | None:
    """The record of a row, None for a row that holds none."""
    try:
        return Checkpoint.from_dict(strict_json.loads(text))  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
