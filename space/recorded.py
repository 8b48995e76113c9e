"""Comparisons that were recorded elsewhere, such as of a large base on a GPU: shown as that, and no more."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from convert import Context, from_run
from gradio_comparisongrid import Comparison
from offer import Offer
from titles import base_name
from vlmscope import InputError, Run

_DATED = re.compile(r"(\d{4}-\d\d-\d\d)-.+\.json")


@dataclass(frozen=True)
class Recorded:
    """A saved run, and the day on which it was recorded."""

    run: Run
    day: date

    @property
    def label(self) -> str:
        """With which base, on what, when."""
        return f"Recorded with {self._base} on {self._hardware}, {self.day.isoformat()}"

    @property
    def name(self) -> str:
        return f"{self.run.query} · {self._base} on {self._hardware}, {self.day.isoformat()}"

    @property
    def note(self) -> str:
        return (
            f"{self.label}: nothing of it was computed here. Press Compare to ask the base that runs here "
            "the same."
        )

    def value(self) -> Comparison:
        """The grid's value, which says under its conditions that it was recorded."""
        value = from_run(self.run, Context())
        return value.model_copy(update={"stamp": {"recorded": self.day.isoformat(), **value.stamp}})

    @property
    def _base(self) -> str:
        return base_name(str(self.run.stamp.get("base") or "a base that is not told"))

    @property
    def _hardware(self) -> str:
        return str(self.run.stamp.get("hardware") or "hardware that is not told")


def read_recorded(
    folder: Path | None, is_private: bool
) -> tuple[tuple[Recorded, ...], tuple[str, ...]]:
    """The runs of a folder, newest first, and a sentence for each file that is none.

    A file is called by its day, `2026-11-27-shapes.json`: a saved run does not tell when it was made.
    """
    found, problems = [], []
    for file in sorted(folder.glob("*.json"), reverse=True) if folder else ():
        try:
            found.append(_read(file, is_private))
        except (InputError, OSError) as error:
            reason = str(error).replace(str(file), file.name)
            problems.append(f"{file.name} of RECORDED is left out: {reason}")
    return tuple(found), tuple(problems)


def _read(file: Path, is_private: bool) -> Recorded:
    dated = _DATED.fullmatch(file.name)
    try:
        day = date.fromisoformat(dated[1] if dated else "")
    except ValueError:
        raise InputError(
            "its name begins with no day; call it like 2026-11-27-shapes.json."
        ) from None
    run = Offer((), is_private).veiled_run(Run.load(file))
    return Recorded(run, day)
