"""How a case and its outcomes are put in words, the same in every view."""

from batch.rows import Outcome
from vlmscope.values.errors import plain

MARKS = {True: "✓", False: "✗", None: "·"}


def said(outcome: Outcome, most: int) -> str:
    """The answer, or why there is none, on one line of at most so many characters."""
    if outcome.status == "failed":
        text = outcome.error or "failed"
    elif outcome.status == "stopped":
        text = f"{outcome.answer} (stopped)".strip()
    else:
        text = outcome.answer or "(no words)"
    return cut(text, most)


def cut(text: str, most: int) -> str:
    """A text on one line, its end left out where it is longer."""
    text = plain(" ".join(text.split()))
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def duration(seconds: float) -> str:
    """A time as one says it: `0.8 s`, `42 s`, `3 min 10 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
