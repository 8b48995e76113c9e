"""Entries from a file: a history that was exported, or a run that was saved. All of it or nothing."""

import base64
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from convert import from_run
from history.records import FORMAT, SCHEMA_VERSION
from history.values import HistoryError
from history.writing import Brought, Marks, NewCase, NewEntry, Packed, pack_case
from vlmscope import InputError, Run, RunImage, judge
from vlmscope.values import strict_json
from vlmscope.values.errors import shortened, shown
from vlmscope.values.run import FORMAT as RUN_FORMAT
from vlmscope.values.run_file import MAX_CELLS

MAX_ENTRIES = 10_000
MAX_CASES = 100_000
MAX_NESTED = 2_000_000
"""Lists and objects in what is read at once: each takes many times its bytes in memory."""
MAX_TEXT = 20_000
ENDED = ("stopped", "done")


class GridFile(HistoryError):
    """The file is one of the grid's own: it is shown, not kept."""


def read_file(file: Path, most_bytes: int, most_pixels: int) -> list[Brought]:
    """The entries of a file; raises HistoryError with a sentence for anything else.

    Nothing in it is believed: images are opened, runs are drawn once, answers are judged anew.
    """
    name = shortened(file.name)
    try:
        if file.stat().st_size > most_bytes:
            raise HistoryError(
                f"{name} has {file.stat().st_size / 2**20:,.0f} MiB, and {most_bytes / 2**20:,.0f} "
                "are the most that is read; export fewer entries at once."
            )
        return list(_Reader(name, most_pixels).entries(_records(file, name)))
    except HistoryError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise HistoryError(f"{name} holds an image that is none; export it again.") from error
    except OSError as error:
        raise HistoryError(f"{name} cannot be read ({error.strerror}); choose another.") from error
    except InputError as error:
        raise HistoryError(f"{name} cannot be imported: {error}") from error
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        why = shortened(f"{type(error).__name__}: {error}", 160)
        raise HistoryError(f"{name} is damaged or no export ({why}); export it again.") from error


def _records(file: Path, name: str) -> Iterator[Any]:
    """The records of a file, JSONL line by line; a saved run is an entry and a case."""
    with file.open("rb") as opened:
        first = _loaded(opened.readline(), name)
        if isinstance(first, Mapping) and first.get("format") == FORMAT and "records" not in first:
            _check_version(first, name)
            yield from (_strict(line, name) for line in opened if line.strip())
            return
        opened.seek(0)
        raw = opened.read()
    try:
        document = _strict(raw, name)
    except (ValueError, RecursionError) as error:
        why = shortened(str(error), 120)
        raise HistoryError(
            f"{name} is no JSON ({why}); give an export of the history as JSON or JSONL."
        ) from error
    if not isinstance(document, dict):
        raise HistoryError(f"{name} is no export of the history; give a JSON or JSONL of it.")
    if document.get("format") == RUN_FORMAT:
        yield {"entry": {"kind": "comparison"}}
        image = document["image"]
        yield {"image": {"digest": "", "png": image.pop("png")}}
        yield {"case": {"id": "", "image": "", "run": document}}
    elif isinstance(document.get("cells"), list):
        raise GridFile(
            f"{name} is a file of the grid: it is shown there, and not kept, since it does not say "
            "how to run it again."
        )
    elif document.get("format") == FORMAT and isinstance(document.get("records"), list):
        _check_version(document, name)
        yield from document["records"]
    else:
        raise HistoryError(f"{name} is no export of the history; give a JSON or JSONL of it.")


def _check_version(head: Mapping[str, Any], name: str) -> None:
    if head.get("schema_version") != SCHEMA_VERSION:
        raise HistoryError(
            f"{name} is of version {shown(head.get('schema_version'))}, and this vlmscope reads "
            f"{SCHEMA_VERSION}; use the one that exported it."
        )


def _strict(raw: bytes, name: str) -> Any:
    if raw.count(b"[") + raw.count(b"{") > MAX_NESTED:
        raise HistoryError(
            f"{name} holds too much at once; export it as JSONL, which may be longer."
        )
    return strict_json.loads(raw.removeprefix(b"\xef\xbb\xbf"))


def _loaded(raw: bytes, name: str) -> Any:
    try:
        return _strict(raw, name)
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True)
class _Case:
    """A packed case; the run of a comparison's, which tells its question and conditions."""

    id: str
    run: Run | None
    packed: Packed


class _Reader:
    """Reads records one after the other; only images that were named are remembered, as PNG."""

    def __init__(self, name: str, most_pixels: int) -> None:
        self._name, self._most_pixels = name, most_pixels
        self._images: dict[str, str] = {}
        self._packed: set[str] = set()
        self._cases = 0

    def entries(self, records: Iterable[Any]) -> Iterator[Brought]:
        entry: Mapping[str, Any] | None = None
        cases: list[_Case] = []
        count = 0
        for record in records:
            if "image" in record:
                self._images[_text(record["image"], "digest")] = record["image"]["png"]
                continue
            # Half a character can be written down nowhere.
            json.dumps(record, ensure_ascii=False).encode()
            if "case" in record:
                if entry is None:
                    raise ValueError("a case before any entry")
                cases.append(self._case(record["case"], entry["kind"] == "batch"))
            else:
                if entry is not None:
                    yield _brought(entry, cases)
                entry, cases, count = record["entry"], [], count + 1
                if count > MAX_ENTRIES:
                    raise HistoryError(
                        f"{self._name} holds more than {MAX_ENTRIES:,} entries; split it."
                    )
        if entry is None:
            raise HistoryError(f"{self._name} holds no entry.")
        yield _brought(entry, cases)

    def _case(self, case: Mapping[str, Any], is_of_batch: bool) -> "_Case":
        self._cases += 1
        if self._cases > MAX_CASES:
            raise HistoryError(f"{self._name} holds more than {MAX_CASES:,} cases; split it.")
        run = None if case["run"] is None else self._run(case["run"], _text(case, "image"))
        accepted = tuple(_text({"answer": each}, "answer") for each in case.get("expected") or ())
        judged = {
            each.id: judge(each.answer, accepted) if each.status == "done" else None
            for each in (run.results if run else ())
        }
        seconds = case.get("seconds")
        new = NewCase(
            id=_text(case, "id") if is_of_batch else "",
            type=_text(case, "type"),
            question=run.query if run else _text(case, "question"),
            expected=accepted,
            run=run,
            judgements=judged,
            error=None if run else _text(case, "error"),
            seconds=float(seconds) if isinstance(seconds, int | float) else None,
        )
        packed = pack_case(new, self._packed.__contains__)
        if packed.digest:
            self._packed.add(packed.digest)
        return _Case(new.id, None if is_of_batch else run, packed)

    def _run(self, document: Any, image: str) -> Run:
        pixels = self._images[image]
        # Before it is decoded: its header tells how large it would be.
        with Image.open(
            io.BytesIO(base64.b64decode(pixels, validate=True)), formats=["PNG"]
        ) as head:
            if head.width * head.height > self._most_pixels:
                raise HistoryError(
                    f"{self._name} holds an image of {head.width}×{head.height} pixels, more than "
                    f"the {self._most_pixels:,} allowed here."
                )
        whole = {**document, "image": {**document["image"], "png": pixels}}
        run = Run.from_document(whole, "A run in it")
        for result in run.results:
            for key, figure in result.metrics.items():
                if isinstance(figure, bool) or not isinstance(figure, int | float | None):
                    raise ValueError(f"the figure {key} is {shown(figure)}")
        if not run.results or len({result.id for result in run.results}) < len(run.results):
            raise ValueError("a run without variants, or with two of one id")
        _draw(run)
        json.dumps([run.stamp, run.options, run.base], allow_nan=False)
        return run


def _draw(run: Run) -> None:
    """What the grid cannot show is refused now, and not when somebody opens it; no image is kept."""
    if run.image.rows < 1 or not 0 < run.image.tokens <= MAX_CELLS:
        raise ValueError(f"an image of {run.image.rows}×{run.image.cols} tokens")
    small = RunImage(Image.new("RGB", (8, 8)), run.image.rows, run.image.cols)
    results = tuple(replace(result, image=None) for result in run.results)
    from_run(replace(run, image=small, results=results))


def _brought(entry: Mapping[str, Any], cases: list[_Case]) -> Brought:
    is_batch = entry["kind"] == "batch"
    if not is_batch and (len(cases) != 1 or cases[0].run is None):
        raise ValueError(f"a comparison with {len(cases)} cases")
    run = None if is_batch else cases[0].run
    if len({case.id for case in cases}) < len(cases):
        raise ValueError("a batch with two cases of one id")
    state, total = entry.get("state"), entry.get("total")
    new = NewEntry(
        person="",
        kind="batch" if is_batch else "comparison",
        title=run.query if run else _text(entry, "title") or "Batch",
        total=max(len(cases), total if isinstance(total, int) and total < 10**6 else 0),
        # It cannot go on here: what it needs for that is not in the file.
        state="done" if run or state == "done" else "stopped",
        plan={"stamp": run.stamp, "options": run.options} if run else {},
        made=_when(entry.get("when")),
    )
    rating = entry.get("rating")
    marks = Marks(
        notes=_text(entry, "notes"),
        tags=tuple(_text({"tag": tag}, "tag") for tag in entry.get("tags") or ()),
        rating=rating if isinstance(rating, int) and 0 <= rating <= 5 else None,
        votes=tuple(str(vote) for vote in entry.get("votes") or ()),
    )
    return Brought(new, marks, tuple(case.packed for case in cases))


def _when(text: Any) -> float | None:
    """Seconds since 1970 of an ISO time; now for none, and for one that was not yet."""
    if not isinstance(text, str):
        return None
    when = datetime.fromisoformat(text)
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    earliest, latest = datetime(1970, 1, 2, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    return when.timestamp() if earliest < when < latest else None


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValueError(f"its {name} is {shown(value)}")
    return value
