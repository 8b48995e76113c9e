"""The one error of the value model, and the sentence it says."""

from __future__ import annotations

from pydantic import ValidationError


class InvalidComparison(ValueError):
    """A value the grid cannot show; its message is a sentence that names what was wrong."""


def sentence(kind: str, error: ValidationError) -> str:
    """Say a pydantic error in plain words: where, what was wrong, with which value."""
    return "; ".join(_one(kind, dict(detail)) for detail in error.errors(include_url=False))


def _one(kind: str, detail: dict) -> str:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in detail["loc"])
    if detail["type"] in ("extra_forbidden", "no_such_attribute"):
        return f"{kind} has no field {place.lstrip('.')!r}"
    if detail["type"] == "missing":
        return f"{kind}{place} is missing"
    # A check of this package raises a whole sentence; pydantic only puts a prefix before it.
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "value_error":
        return message if not place else f"{kind}{place}: {message}"
    found = repr(detail.get("input"))
    if len(found) > 60:
        found = found[:57] + "..."
    if detail["type"] == "model_type":
        return f"{kind}{place} is {found}: it needs an object with named fields"
    return f"{kind}{place} is {found}: {message[:1].lower()}{message[1:]}"
