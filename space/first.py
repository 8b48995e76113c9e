"""The comparison that stands in the grid when the page opens: stored, and said to be."""

from pathlib import Path

from vlmscope import Run

STORED = Path(__file__).with_name("first-run.json")
"""Written by `scripts/store_first.py`."""

NOTE = (
    "A stored comparison of the small base that ships, made before. Press Compare to run this one here, or "
    "pick another image and ask something else."
)


def stored_run() -> Run | None:
    """The stored comparison; None where none ships."""
    return Run.load(STORED) if STORED.is_file() else None
