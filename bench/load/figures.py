"""The figures of a load, of what its visitors saw and what the server held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.figure import Figure
from bench.load.seen import Seen, Wait
from bench.load.server import Server
from bench.stats import median, p95

MOST_GROWTH = 10.0
MOST_OFF = 50.0
MOST_FREE = 12.0
LEAST_WAIT = 5.0
"""Seconds: where one stands is told every second, so a shorter wait is not known well enough."""


def of_visitors(seen: Seen, visitors: int) -> list[Figure]:
    """What happened to their comparisons."""
    count = Counter(one.outcome for one in seen.asked)
    clients = Counter(one.client for one in seen.asked)
    errors = [one for one in seen.asked if one.outcome in ("error", "unfinished")]
    mixed = [one for one in seen.asked if one.strangers]
    detail = dict(count) | {f"by {client}": number for client, number in clients.items()}
    return [
        Figure(
            "errors but the line's own refusals",
            len(errors),
            limit=0,
            note=f"{errors[0].client}: {errors[0].said or errors[0].outcome}"[:200]
            if errors
            else "",
        ),
        Figure(
            "comparisons with something of another's",
            len(mixed),
            limit=0,
            note=f"of {len(seen.asked)} looked through for {len(seen.asked)} marks",
        ),
        Figure(
            "comparisons answered",
            count["answered"],
            note=f"by {visitors} visitors; {count['refused']} refused by the line, "
            f"{count['stopped']} stopped, {count['left']} left",
            detail=detail,
        ),
        *_of_waits([wait for one in seen.asked for wait in one.waits]),
    ]


def _of_waits(waits: Sequence[Wait]) -> list[Figure]:
    known = [wait for wait in waits if wait.took >= LEAST_WAIT]
    if not known:
        return []
    off = [100 * wait.error for wait in known]
    took = [wait.took for wait in known]
    return [
        Figure(
            "waits: how far off what was foretold first",
            median(off),
            "%",
            MOST_OFF,
            note=f"median of {len(known)} waits of {LEAST_WAIT:g} s and more, each known to half a second",
            detail={"95th percentile": p95(off)},
        ),
        Figure("waits: real", median(took), "s", note=f"95th percentile {p95(took):.0f} s"),
    ]


def of_memory(server: Server, seconds: float) -> list[Figure]:
    """How much more the server holds at the end than after a minute, or a fifth of a shorter load."""
    early = server.memory_at(min(60, seconds / 5))
    late = server.memory_at(seconds)
    return [
        Figure(
            "memory of the server: growth from the first minute to the end",
            100 * (late - early) / early,
            "%",
            MOST_GROWTH,
            note=f"{early:,.0f} MiB, then {late:,.0f} MiB; at most {max(m for _, m in server.memory):,.0f}",
        )
    ]


def of_leaving(seconds: Sequence[float], alone: Sequence[float]) -> list[Figure]:
    """How soon a place is free after who had it left, an upper bound: until the next one's answer."""
    return [
        Figure(
            "a place of who left: until the next one's answer",
            median(seconds),
            "s",
            MOST_FREE,
            runs=list(seconds),
            note=f"that answer takes {median(alone):.1f} s when nobody is there",
        )
    ]
