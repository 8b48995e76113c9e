"""Entries as a file for other programs, for other people, or for this app elsewhere."""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import IO, Any

from convert import Context, from_run
from history.cards import VERDICTS, time_text
from history.records import HEAD, records
from history.store import History
from history.values import Answer, Case, Entry
from vlmscope.values import strict_json

FORMATS = ("CSV", "JSON", "JSONL", "HTML")
COLUMNS = (
    *("timestamp", "entry", "kind", "title", "case", "type", "query", "variant", "variant_line"),
    *("status", "answer", "expected", "correct", "judged_by", "image_tokens", "total_s", "error"),
    *("rating", "vote", "tags", "notes"),
)
ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would compute (OWASP, CSV injection)."""


def export(history: History, person: str, ids: Sequence[int], format: str, folder: Path) -> Path:
    """Write entries into a new file of `folder`, whole or not at all; gives its path.

    Raises HistoryError for an entry that is not there or cannot be read, OSError.
    """
    file = folder / f"vlmscope-{datetime.now(UTC):%Y%m%d-%H%M%S}.{format.lower()}"
    try:
        if format == "HTML":
            _write_html(history, person, ids, file)
        else:
            write = {"CSV": _write_csv, "JSON": _write_json, "JSONL": _write_jsonl}[format]
            with file.open("x", encoding="utf-8", newline="") as opened:
                write(history, person, ids, opened)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return file


def harmless(text: str) -> str:
    """A text that every spreadsheet shows as it is: after an apostrophe where it would be computed."""
    return f"'{text}" if text.lstrip(" ").startswith(ACTIVE) else text


def _write_json(history: History, person: str, ids: Sequence[int], file: IO[str]) -> None:
    head = strict_json.dumps(HEAD).rstrip("}")
    file.write(f'{head}, "records": [')
    for number, record in enumerate(records(history, person, ids)):
        file.write(("," if number else "") + "\n" + strict_json.dumps(record))
    file.write("\n]}\n")


def _write_jsonl(history: History, person: str, ids: Sequence[int], file: IO[str]) -> None:
    file.write(strict_json.dumps(HEAD) + "\n")
    for record in records(history, person, ids):
        file.write(strict_json.dumps(record) + "\n")


def _write_csv(history: History, person: str, ids: Sequence[int], file: IO[str]) -> None:
    # With the mark of byte order: without it a spreadsheet guesses the encoding.
    file.write("\ufeff")
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    for id in ids:
        entry = history.entry(person, id)
        for case in _cases(history, person, entry):
            for answer in case.answers:
                rows.writerow(map(_cell, _row(entry, case, answer)))


def _cases(history: History, person: str, entry: Entry) -> Sequence[Case]:
    return (entry.case,) if entry.case else history.batch(person, entry.id).cases


def _row(entry: Entry, case: Case, answer: Answer) -> Iterator[Any]:
    yield from (entry.when.isoformat(timespec="seconds"), entry.id, entry.kind, entry.title)
    yield from (case.id, case.type, case.question, answer.title, answer.variant)
    yield from (answer.status, answer.answer, " | ".join(case.expected), answer.correct)
    yield from (answer.how, answer.image_tokens, answer.total_s, answer.error, entry.rating)
    yield from (answer.id in entry.votes, ", ".join(entry.tags), entry.notes)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return int(value)  # a count, which the engine gives as every figure
    return harmless(value) if isinstance(value, str) else value


def _write_html(history: History, person: str, ids: Sequence[int], file: Path) -> None:
    if len(ids) == 1 and (entry := history.entry(person, ids[0])).case:
        value = from_run(history.run(person, entry.id), Context(entry.expected))
        value.to_html(file)
        return
    with file.open("x", encoding="utf-8") as opened:
        opened.write(_HEAD)
        for id in ids:
            opened.write(_section(history, person, history.entry(person, id)))
        opened.write("</main></body></html>\n")


_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>vlmscope history</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<style>
:root { color-scheme: light dark; font: 14px/1.45 system-ui, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 8px; }
h2 { font-size: 17px; margin: 28px 0 2px; }
p { margin: 2px 0; opacity: .75; }
div { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: 6px; }
th, td { text-align: left; vertical-align: top; padding: 4px 10px 4px 0; font-weight: 400;
 border-top: 1px solid #8886; }
td.n { text-align: right; }
img { width: 48px; height: 48px; object-fit: cover; border-radius: 4px; }
</style></head><body><main><h1>vlmscope history</h1>
"""


def _section(history: History, person: str, entry: Entry) -> str:
    said = [f"{time_text(entry.when)} UTC", entry.kind]
    if entry.kind == "batch":
        said.append(f"{entry.kept} of {entry.total} cases, {entry.state}")
    said += [f"rating {entry.rating} of 5"] if entry.rating is not None else []
    said += [f"tags {', '.join(entry.tags)}"] if entry.tags else []
    notes = f"<p>{escape(entry.notes)}</p>" if entry.notes else ""
    rows = "".join(
        _html_row(entry, case, answer, number == 0, len(case.answers))
        for case in _cases(history, person, entry)
        for number, answer in enumerate(case.answers)
    )
    return (
        f"<section><h2>{escape(entry.title)}</h2><p>{escape(' · '.join(said))}</p>{notes}"
        "<div><table><thead><tr><th></th><th>Question</th><th>Variant</th><th>Answer</th>"
        "<th>Expected</th><th>Image tokens</th><th>Total, s</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></section>\n"
    )


def _html_row(entry: Entry, case: Case, answer: Answer, is_first: bool, span: int) -> str:
    picture = f'<img src="{case.thumbnail}" alt="">' if case.thumbnail else ""
    first = (
        f'<td rowspan="{span}">{picture}</td><td rowspan="{span}">{escape(case.question)}</td>'
        if is_first
        else ""
    )
    best = " ★" if answer.id in entry.votes else ""
    return (
        f"<tr>{first}<th>{escape(answer.title)}{best}</th>"
        f"<td>{escape(answer.error or answer.answer)}{VERDICTS[answer.correct]}</td>"
        f"<td>{escape(', '.join(case.expected))}</td><td class='n'>{_number(answer.image_tokens)}</td>"
        f"<td class='n'>{_number(answer.total_s)}</td></tr>"
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
