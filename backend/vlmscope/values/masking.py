"""What lets somebody in is never written: tokens, passwords and keys are masked in any text."""

from __future__ import annotations

import re

MASK = "***"

_NAMES = r"(?:[\w-]*(?:token|secret|passw(?:or)?d|api[_-]?key|signature|credential)s?|session_?key)"
# Each begins at a few places and goes on from where it ended: strangers send texts of any length.
_SECRETS = (
    # Of the Hub: access tokens, and those of who signed in, which are JSON web tokens behind a prefix.
    (re.compile(r"\bhf_[A-Za-z0-9]{8,}"), MASK),
    (re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}"), MASK),
    (re.compile(r"\bhf_[a-z]+_[\w.-]{16,}"), MASK),
    # HTTP: `Authorization: Bearer …`, also as Python writes a dictionary of headers.
    (
        re.compile(
            r"""(\b(?:proxy-)?authorization\b["']?\s*[:=]\s*(?:b?["'])?)(?:(?:bearer|basic|token)\s+)?[^\s"',;)}\]]+""",
            re.IGNORECASE,
        ),
        rf"\g<1>{MASK}",
    ),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\g<1> {MASK}"),
    (
        re.compile(r"""(\b(?:set-)?cookie\b["']?\s*[:=]\s*(?:b?["'])?)[^"'\r\n]+""", re.I),
        rf"\g<1>{MASK}",
    ),
    # Addresses: who asks, and what is signed.
    (re.compile(r"(://)[^/\s:@]*:[^/\s@]*@"), rf"\g<1>{MASK}@"),
    (re.compile(r"(\bhttps?://)[^/\s@]+@", re.IGNORECASE), rf"\g<1>{MASK}@"),
    (re.compile(rf"([?&]{_NAMES}=)[^&\s\"'<>]+", re.IGNORECASE), rf"\g<1>{MASK}"),
)


def masked(text: str) -> str:
    """The text without what has the form of a token, a password or a key."""
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    return text
