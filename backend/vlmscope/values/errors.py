"""Errors whose message is one sentence meant for the person who caused them."""


class VlmscopeError(Exception):
    """What was wrong, with which value, and the way out, in one sentence."""


class InputError(VlmscopeError, ValueError):
    """An input (image, question, variant, option) that cannot be used."""


class BaseError(VlmscopeError, ValueError):
    """A base model that is missing or unfit."""


class CheckpointError(VlmscopeError, ValueError):
    """A checkpoint that cannot be read, or does not fit."""


class VariantError(VlmscopeError, RuntimeError):
    """A variant that failed while running."""


def shortened(text: str, limit: int = 60) -> str:
    """A text as a message shows it: whole, or without its middle when it is long."""
    if len(text) <= limit:
        return text
    return f"{text[: limit // 2]}…{text[-(limit // 4) :]} ({len(text):,} characters)"


def shown(value: object) -> str:
    """A value's repr as a message shows it; Python refuses to write an int of 4,300 digits."""
    try:
        return shortened(repr(value))
    except ValueError:
        return f"({type(value).__name__} of thousands of digits)"
