"""The history as HTML: its list, and one entry in full."""

from collections.abc import Collection, Sequence
from datetime import datetime
from html import escape

from convert import conditions
from history.values import Answer, Batch, Case, Entry, Tally

VERDICTS = {True: " ✓", False: " ✗", None: ""}
MAX_ANSWERS = 4
MAX_ANSWER = 60
MAX_CASES = 200


def time_text(when: datetime) -> str:
    """To the minute, in UTC."""
    return f"{when:%Y-%m-%d %H:%M}"


def entry_list(entries: Sequence[Entry], picked: Collection[int], shown: int) -> str:
    """The list: each entry a button that shows it, and a box that picks it."""
    if not entries:
        return '<p class="quiet">Nothing here. What you compare is kept, and found here again.</p>'
    return f'<ul class="entries">{"".join(_item(e, e.id in picked, e.id == shown) for e in entries)}</ul>'


def details(entry: Entry, batch: Batch | None) -> str:
    """All of an entry but its pictures; a batch's first cases, each a button that opens it."""
    facts = f"{time_text(entry.when)} UTC"
    if batch:
        facts += f" · batch of {entry.total}, {_progress(entry)}"
    body = _cases(batch) if batch else _answers(entry.case)
    said = " · ".join(conditions(entry.stamp).values())
    stamp = f'<p class="quiet">{escape(said)}</p>' if said else ""
    return f'<article><h2>{escape(entry.title)}</h2><p class="quiet">{facts}</p>{body}{stamp}</article>'


def _item(entry: Entry, is_picked: bool, is_shown: bool) -> str:
    name = f"{escape(entry.title)}, {time_text(entry.when)}"
    picture = (
        f'<img src="{entry.thumbnail}" alt="">' if entry.thumbnail else '<span class="none"></span>'
    )
    facts = [time_text(entry.when)]
    if entry.kind == "batch":
        facts.append(f"batch, {_progress(entry)}")
    marks = "".join(f'<span class="tag">{escape(tag)}</span>' for tag in entry.tags)
    if entry.rating is not None:
        marks = f'<span class="stars" title="rating">{_stars(entry.rating)}</span>{marks}'
    current = ' aria-current="true"' if is_shown else ""
    checked = " checked" if is_picked else ""
    box = f'<input type="checkbox" value="{entry.id}" aria-label="Pick {name}"{checked}>'
    return (
        f'<li{current}>{box}<button type="button" data-entry="{entry.id}">{picture}'
        f'<span class="what"><b>{escape(entry.title)}</b>'
        f'<span class="quiet">{" · ".join(facts)}</span>'
        f'<span class="said">{_summary(entry)}</span>{marks and f"<span>{marks}</span>"}</span></button></li>'
    )


def _progress(entry: Entry) -> str:
    count = f"{entry.kept} of {entry.total} cases"
    return count if entry.state == "done" else f"{count}, {entry.state}"


def _stars(rating: int) -> str:
    return "★" * rating + "☆" * (5 - rating)


def _summary(entry: Entry) -> str:
    told = [_tally(t) for t in entry.tallies] if entry.case is None else _short(entry.case.answers)
    more = len(told) - MAX_ANSWERS
    return " · ".join(told[:MAX_ANSWERS]) + (f" · and {more} more" if more > 0 else "")


def _short(answers: Sequence[Answer]) -> list[str]:
    return [
        f"{escape(answer.title)}: {escape(_cut(_said(answer)))}{VERDICTS[answer.correct]}"
        for answer in answers
    ]


def _tally(tally: Tally) -> str:
    title = escape(tally.title)
    if not tally.judged:
        return title
    share = 100 * tally.correct / tally.judged
    return f"{title}: {share:.0f} % ({tally.correct} of {tally.judged})"


def _said(answer: Answer) -> str:
    if answer.status == "failed":
        return answer.error or "failed"
    return f"{answer.answer} (stopped)" if answer.status == "stopped" else answer.answer


def _cut(text: str) -> str:
    return text if len(text) <= MAX_ANSWER else f"{text[: MAX_ANSWER - 1]}…"


def _answers(case: Case | None) -> str:
    if case is None:
        return ""
    expected = ", ".join(case.expected)
    told = f'<p class="quiet">Expected: {escape(expected)}</p>' if expected else ""
    # Only a comparison whose variants ran by themselves has measured their seconds.
    timed = any(answer.total_s is not None for answer in case.answers)
    rows = "".join(
        f'<tr><th scope="row">{escape(answer.title)}</th>'
        f'<td class="text">{escape(_said(answer))}{VERDICTS[answer.correct]}</td>'
        f"<td>{_number(answer.image_tokens, 0)}</td>"
        f"{f'<td>{_number(answer.total_s, 2)}</td>' if timed else ''}</tr>"
        for answer in case.answers
    )
    seconds = '<th scope="col">Total <span class="unit">s</span></th>' if timed else ""
    return (
        f'{told}<div class="figures"><table aria-label="Answers"><thead><tr><th>Variant</th>'
        f'<th class="text" scope="col">Answer</th><th scope="col">Image tokens</th>{seconds}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
    )


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _cases(batch: Batch) -> str:
    tallies = "".join(f"<li>{_tally(tally)}</li>" for tally in batch.entry.tallies)
    shown = batch.cases[:MAX_CASES]
    rest = len(batch.cases) - len(shown)
    more = f'<p class="quiet">and {rest:,} more; search or export them</p>' if rest else ""
    return f'<ul class="tallies">{tallies}</ul><ul class="cases">{"".join(map(_case, shown))}</ul>{more}'


def _case(case: Case) -> str:
    said = escape(case.error) if case.error else " · ".join(_short(case.answers)[:MAX_ANSWERS])
    text = (
        f"<b>{escape(case.id)}</b> {escape(case.question)} "
        f'<span class="quiet">{escape(case.type)}</span><span class="said">{said}</span>'
    )
    if case.error:
        return f"<li>{text}</li>"
    picture = f'<img src="{case.thumbnail}" alt="">' if case.thumbnail else ""
    return (
        f'<li><button type="button" data-case="{escape(case.id)}" title="Open in the grid">{picture}'
        f'<span class="what">{text}</span></button></li>'
    )


def range_text(count: int, page: int, page_size: int) -> str:
    """What stands beside the list: how many entries there are, and which of them are shown."""
    if count > page_size:
        return f"{page * page_size + 1:,}–{min((page + 1) * page_size, count):,} of {count:,}"
    return f"{count:,} {'entry' if count == 1 else 'entries'}"
