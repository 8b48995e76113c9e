"""A checkpoint's card, as HTML: all that is known of it, who says so, and whether it would load."""

from collections.abc import Iterator
from datetime import datetime
from html import escape

from vlmscope import Checkpoint
from vlmscope.checkpoints.check import Check
from vlmscope.values import strict_json

MAX_TENSORS = 200
MAX_CONFIG = 20_000


def card(record: Checkpoint, check: Check, shows_place: bool) -> str:
    """The card of one checkpoint; its place is shown to those whose machine it is, or on the Hub."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{value}</td><td class="who">{escape(who)}</td></tr>'
        for name, value, who in _facts(record, shows_place)
    )
    warnings = "".join(f"<li>{escape(warning)}</li>" for warning in record.warnings)
    return (
        f'<article class="card"><h2>{escape(record.name)}</h2>{_verdict(check)}'
        + (f'<ul class="warnings">{warnings}</ul>' if warnings else "")
        + f"<table><tbody>{rows}</tbody></table>{_config(record)}{_tensors(record)}</article>"
    )


def size_text(count: int | None) -> str:
    """Bytes as people read them."""
    if count is None:
        return ""
    for unit, power in (("GiB", 3), ("MiB", 2), ("KiB", 1)):
        if count >= 1024**power:
            return f"{count / 1024**power:,.1f} {unit}"
    return f"{count} B"


def time_text(when: str | None) -> str:
    """A time of a record to the minute, in UTC."""
    if not when:
        return ""
    return datetime.fromisoformat(when).strftime("%Y-%m-%d %H:%M")


def _verdict(check: Check) -> str:
    if check.ok:
        return '<p class="fits">✓ Would load on this base.</p>'
    return f'<p class="misfit" role="note">✗ {escape(check.reason or "It would not load.")}</p>'


def _facts(record: Checkpoint, shows_place: bool) -> Iterator[tuple[str, str, str]]:
    by = record.said_by
    if shows_place:
        yield "place", f"<code>{escape(record.source)}</code>", ""
    if record.commit:
        yield "commit", f"<code>{escape(record.commit)}</code>", "the Hub"
    yield "kind", escape(record.kind or "unknown"), "its tensors"
    if record.fits:
        yield "fits", escape(record.fits), ""
    if record.bytes is not None:
        yield "size", f"{size_text(record.bytes)} ({record.bytes:,} bytes)", ""
    if record.modified:
        yield "changed", f"{time_text(record.modified)} UTC", ""
    for name in ("epoch", "step"):
        value = getattr(record, name)
        if value is not None:
            yield name, f"{value:,}", by.get(name, "")
    for name, value in (record.metrics or {}).items():
        yield name, f"{value:.6g}", by.get("metrics", "")


def _config(record: Checkpoint) -> str:
    if record.config is None:
        return ""
    text = strict_json.dumps(record.config, indent=2)[:MAX_CONFIG]
    who = escape(record.said_by.get("config", ""))
    return (
        f'<details><summary>Config <span class="who">{who}</span></summary>'
        f"<pre>{escape(text)}</pre></details>"
    )


def _tensors(record: Checkpoint) -> str:
    tensors = record.tensors or {}
    if not tensors:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(key)}</code></td><td>{' × '.join(map(str, shape)) or 'scalar'}</td>"
        f"<td>{escape(dtype)}</td></tr>"
        for key, (shape, dtype) in list(tensors.items())[:MAX_TENSORS]
    )
    more = len(tensors) - MAX_TENSORS
    rest = f"<p>and {more:,} more</p>" if more > 0 else ""
    return (
        f"<details><summary>{len(tensors):,} tensors</summary>"
        f"<table><tbody>{rows}</tbody></table>{rest}</details>"
    )
