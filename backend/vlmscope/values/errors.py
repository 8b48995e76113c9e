"""Errors whose message is one sentence meant for the person who caused them."""

from __future__ import annotations

import re

from vlmscope.values.masking import masked

MAX_SENTENCE = 2_000
"""Characters of a whole message, whatever names and keys are in it."""

_ACTS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal or a page would act on instead of showing it; and half characters, which none can."""


class VlmscopeError(Exception):
    """What was wrong, with which value, and the way out, in one sentence on one line."""

    def __init__(self, sentence: object = "") -> None:
        super().__init__(plain(str(sentence)))


class InputError(VlmscopeError, ValueError):
    """An input (image, question, variant, option) that cannot be used."""


class BaseError(VlmscopeError, ValueError):
    """A base model that is missing or unfit."""


class CheckpointError(VlmscopeError, ValueError):
    """A checkpoint that cannot be read, or does not fit."""


class VariantError(VlmscopeError, RuntimeError):
    """A variant that failed while running."""


def plain(text: str, limit: int = MAX_SENTENCE) -> str:
    """Anybody's text on one line and of bounded length: control characters are escaped, and tokens and
    passwords masked.

    Of a plain text it is the same text.
    """
    return shortened(masked(_ACTS.sub(_escaped, text)), limit)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file's name that is no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def shortened(text: str, limit: int = 60) -> str:
    """A text as a message shows it: whole, or without its middle when it is long."""
    if len(text) <= limit:
        return text
    return f"{text[: limit // 2]}…{text[-(limit // 4) :]} ({len(text):,} characters)"


def shown(value: object, limit: int = 60) -> str:
    """A value's repr as a message shows it; Python refuses to write an int of 4,300 digits."""
    try:
        return plain(repr(value), limit)
    except ValueError:
        return f"({type(value).__name__} of thousands of digits)"
