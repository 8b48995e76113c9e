"""The history's SQLite file: its tables, how it is opened, and when it is refused."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from history.values import HistoryError

APPLICATION_ID = 0x766C6D73
"""`vlms`: tells this file from other people's SQLite files."""
SCHEMA_VERSION = 1
FILE = "history.sqlite3"
BUSY_SECONDS = 30

_TABLES = """
CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person TEXT NOT NULL,
    kind TEXT NOT NULL,
    made REAL NOT NULL,
    title TEXT NOT NULL,
    plan TEXT NOT NULL,
    total INTEGER NOT NULL,
    state TEXT NOT NULL,
    owner TEXT NOT NULL,
    notes TEXT NOT NULL DEFAULT '',
    tags TEXT NOT NULL DEFAULT '[]',
    rating INTEGER,
    votes TEXT NOT NULL DEFAULT '[]',
    words TEXT NOT NULL,
    bytes INTEGER NOT NULL
);
CREATE INDEX entries_of_person ON entries (person, made, id);
CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    person TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    thumbnail BLOB NOT NULL,
    png BLOB NOT NULL,
    UNIQUE (person, digest)
);
CREATE TABLE cases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entry INTEGER NOT NULL REFERENCES entries ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    question TEXT NOT NULL,
    expected TEXT NOT NULL,
    error TEXT,
    seconds REAL,
    image INTEGER REFERENCES images,
    words TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    UNIQUE (entry, name)
);
CREATE INDEX cases_of_image ON cases (image);
CREATE TABLE answers (
    kept INTEGER NOT NULL REFERENCES cases ON DELETE CASCADE,
    position INTEGER NOT NULL,
    variant TEXT NOT NULL,
    line TEXT NOT NULL,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    answer TEXT NOT NULL,
    image_tokens REAL,
    total_s REAL,
    correct INTEGER,
    how TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (kept, position)
) WITHOUT ROWID;
CREATE TABLE runs (
    kept INTEGER PRIMARY KEY REFERENCES cases ON DELETE CASCADE,
    document BLOB NOT NULL
);
"""


class Database:
    """The file in `folder`, made if there is none; a connection for each use, so safe for threads.

    Raises HistoryError, and leaves the file as it is, when it is damaged, foreign or of a newer
    version.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        try:
            # Private from its first moment, whatever the umask.
            os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
            # Stays open: with the last connection SQLite would tidy up after every use.
            self._keeper = self._connect()
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(f"cannot be opened ({error})") from error
        try:
            self._set_up()
        except sqlite3.Error as error:
            self.close()
            raise self._unusable(f"cannot be read ({error})") from error
        except HistoryError:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the file throughout."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is kept, or, after an error or the process's end, none."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def shrink(self) -> None:
        """Give what was deleted back to the disk."""
        try:
            with closing(self._connect()) as connection:
                # As a script: executed, it would end after its first page.
                connection.executescript("PRAGMA incremental_vacuum")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error:
            return  # somebody reads or writes; the room is used again, or given back next time

    def close(self) -> None:
        self._keeper.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._connect()) as connection:
                connection.execute(begin)
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
        except sqlite3.Error as error:
            raise HistoryError(_sentence(error)) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        # What was kept stays kept even if the machine loses power.
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _set_up(self) -> None:
        # Before the first write: they hold for a file without tables only.
        self._keeper.execute("PRAGMA auto_vacuum = INCREMENTAL")
        mode = self._keeper.execute("PRAGMA journal_mode").fetchone()[0]
        self._keeper.execute("BEGIN IMMEDIATE")
        try:
            application = self._keeper.execute("PRAGMA application_id").fetchone()[0]
            version = self._keeper.execute("PRAGMA user_version").fetchone()[0]
            tables = self._keeper.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            if tables and application != APPLICATION_ID:
                raise self._unusable("is no history of vlmscope")
            if version > SCHEMA_VERSION:
                raise HistoryError(
                    f"The history {self._file} is of version {version}, and this vlmscope reads "
                    f"{SCHEMA_VERSION}; use a newer one, or set HISTORY to another folder."
                )
            if not tables:
                for statement in filter(str.strip, _TABLES.split(";")):
                    self._keeper.execute(statement)
                self._keeper.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                self._keeper.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            self._keeper.execute("COMMIT")
        except BaseException:
            self._keeper.execute("ROLLBACK")
            raise
        if mode != "wal":
            # Refused while another process does the same; whatever the mode, nothing is lost.
            with suppress(sqlite3.OperationalError):
                self._keeper.execute("PRAGMA journal_mode = WAL")
        # It counts as open once it has read.
        self._keeper.execute("SELECT count(*) FROM entries").fetchone()

    def _unusable(self, why: str) -> HistoryError:
        return HistoryError(
            f"The history {self._file} {why}; nothing in it was changed: move it away, or set "
            "HISTORY to another folder."
        )


def _sentence(error: sqlite3.Error) -> str:
    """What went wrong, for a person who need not know where the file lies."""
    text = str(error)
    if "full" in text:
        return (
            "The disk of the history is full, so nothing was kept; delete something and try again."
        )
    if "locked" in text or "busy" in text:
        return (
            f"Others wrote into the history for more than {BUSY_SECONDS} seconds, so nothing was "
            "kept; try again."
        )
    if "readonly" in text:
        return "The history may only be read here, so nothing was kept; mend its permissions."
    return (
        f"The history cannot be used ({text}); what is not touched by that can be exported still."
    )
