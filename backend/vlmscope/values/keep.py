"""The `keep=` option: how many image tokens a variant may keep."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from vlmscope.values.errors import InputError, shortened

_COUNT = re.compile(r"\+?\d+", re.ASCII)
_SHARE = re.compile(r"\+?(\d+\.\d*|\.\d+|\d+(\.\d*)?[eE][+-]?\d+)", re.ASCII)
_PERCENT = re.compile(r"\+?(\d+(\.\d*)?|\.\d+)\s*%", re.ASCII)
MAX_CHARACTERS = 40
_WAY_OUT = "use a count (64), a share (0.5) or a percentage (50%)"


@dataclass(frozen=True)
class Keep:
    """A budget of image tokens: either a `count` or an exact `share` of them."""

    count: int | None = None
    share: Fraction | None = None

    @classmethod
    def parse(cls, text: str) -> Keep:
        """Read an integer as a count, a decimal or a percentage as a share.

        Raises InputError when the budget is zero, negative, above all, or no number.
        """
        stripped = text.strip()
        given = f"keep={shortened(text)}"
        if _COUNT.fullmatch(stripped):
            if len(stripped) > 9:
                raise InputError(f"{given} is more image tokens than any image has; {_WAY_OUT}.")
            keep = cls(count=int(stripped))
            if keep.count == 0:
                raise InputError(f"{given} keeps no image token; {_WAY_OUT}.")
            return keep
        if _PERCENT.fullmatch(stripped) and len(stripped) <= MAX_CHARACTERS:
            share = Fraction(stripped.rstrip("%").strip()) / 100
        elif _SHARE.fullmatch(stripped) and len(stripped) <= MAX_CHARACTERS:
            share = _fraction(stripped)
        else:
            raise InputError(f"{given} is no number of image tokens; {_WAY_OUT}.")
        if share <= 0:
            raise InputError(f"{given} keeps no image token; {_WAY_OUT}.")
        if share > 1:
            raise InputError(f"{given} is more than all image tokens; use at most 1.0 or 100%.")
        return cls(share=share)

    def of(self, total: int) -> int:
        """Number of tokens kept of `total`: rounded half up, at least one, at most all."""
        wanted = self.count
        if wanted is None:
            wanted = floor((self.share or 0) * total + Fraction(1, 2))
        return max(1, min(wanted, total))


DEFAULT_KEEP = Keep(share=Fraction(1, 2))


def _fraction(text: str) -> Fraction:
    exponent = re.search(r"[eE]([+-]?\d+)$", text)
    if exponent and abs(int(exponent[1])) > 30:
        raise InputError(f"keep={text} is no share of the image tokens; {_WAY_OUT}.")
    return Fraction(text)
