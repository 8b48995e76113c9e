"""The finished cases as pictures with captions."""

from pathlib import Path

from PIL import Image

from batch.plan import Plan
from batch.rows import Row
from batch.views import MARKS, cut, said
from titles import short_title
from vlmscope import Case

THUMBNAIL = 360
"""The longer side of a small copy, in pixels."""


def caption(number: int, case: Case, row: Row, plan: Plan) -> str:
    """The question, then a line for each variant: right or wrong, its answer, its image tokens."""
    lines = [f"{number}  {cut(case.query, 120)}"]
    if case.expected:
        lines[0] += f"  [{cut(' / '.join(case.expected), 60)}]"
    if row.error:
        lines.append(f"refused: {cut(row.error, 200)}")
    for variant in plan.variants:
        outcome = row.outcomes.get(variant.id)
        if outcome is not None:
            tokens = "" if outcome.tokens is None else f" · {outcome.tokens} tokens"
            lines.append(
                f"{MARKS[outcome.correct]} {cut(short_title(variant), 40)}: {said(outcome, 80)}{tokens}"
            )
    return "\n".join(lines)


def save_small(image: Image.Image, place: Path) -> None:
    """A small copy as WebP; the first one made stays."""
    if place.exists():
        return
    small = image.convert("RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    part = place.with_name(f"{place.name}.part")
    small.save(part, "WEBP", quality=82)
    part.replace(place)


def blank() -> Image.Image:
    """What stands for an image that could not be read."""
    return Image.new("RGB", (THUMBNAIL // 4 * 4, THUMBNAIL // 4 * 3), (128, 128, 128))
