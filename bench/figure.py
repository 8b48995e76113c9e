"""One figure of the report: what was measured, in what unit, and what it may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A median with its runs; `limit` is what it may be at most, or at least. None: for the record."""

    name: str
    value: float
    unit: str = ""
    limit: float | None = None
    at_least: bool = False
    runs: list[float] = field(default_factory=list)
    note: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether it keeps to its limit; None without one."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def table(figures: list[Figure]) -> str:
    """The figures as lines of text: name, value, limit, whether it is met, and what else to say."""
    rows = [("", "value", "limit", "", "")]
    for one in figures:
        limit = "" if one.limit is None else f"{'≥' if one.at_least else '≤'} {number(one.limit)}"
        verdict = {True: "met", False: "NOT MET", None: ""}[one.met]
        rows.append((one.name, f"{number(one.value)} {one.unit}".strip(), limit, verdict, one.note))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                row[1].rjust(widths[1]),
                row[2].ljust(widths[2]),
                row[3].ljust(widths[3]),
                row[4],
            ]
        ).rstrip()
        for row in rows
    )


def number(value: float) -> str:
    """Three digits that count, and no more zeros than those."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
