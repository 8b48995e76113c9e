"""The comparison that stands in the grid when the page opens: stored, and said to be."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from examples import Example, example_of
from vlmscope import Run

STORED = Path(__file__).with_name("first-run.json")
"""Written by `scripts/store_first.py`."""

NOTE = (
    "A stored comparison of the small base that ships, made before. Press Compare to run this one here, or "
    "pick another image and ask something else."
)


@dataclass(frozen=True)
class First:
    """The stored comparison, and the example that it is of, where that is here."""

    run: Run
    example: Example | None


@cache
def first_shown(examples: tuple[Example, ...]) -> First | None:
    """The stored comparison beside the examples, read once; None where none ships."""
    run = stored_run()
    return None if run is None else First(run, example_of(examples, run))


def stored_run() -> Run | None:
    """The stored comparison; None where none ships."""
    return Run.load(STORED) if STORED.is_file() else None
