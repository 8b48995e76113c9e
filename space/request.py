"""Turn what stands in the form into what the engine takes, or into sentences beside the fields."""

import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from titles import given_title
from vlmscope import InputError, Variant
from vlmscope.values.images import MAX_PIXELS, open_image
from vlmscope.values.variant import with_unique_ids
from vlmscope.variants.registry import find_kind, make_kind

MAX_VARIANTS = 8
MAX_QUESTION = 2000
MAX_LINES = 4000
"""Characters of all variants in text together."""


@dataclass(frozen=True)
class Limits:
    """What one person may ask for.

    `sources` are the only checkpoints a line may name, where strangers ask: others would probe this
    machine's disk. `reserved` tokens of the base stand in no question.
    """

    sources: Collection[str] | None = None
    reserved: Collection[str] = ()
    image_pixels: int = MAX_PIXELS


@dataclass(frozen=True)
class Request:
    """A comparison that can start: `image` is an upright RGB picture."""

    image: Image.Image
    question: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class Problems:
    """What is wrong with the form, one sentence for each field that is."""

    image: str = ""
    question: str = ""
    variants: str = ""
    lines: str = ""
    budget: str = ""


def read_form(
    image: str | None,
    question: str,
    ticked: Sequence[Variant],
    lines: str,
    percent: float,
    limits: Limits = Limits(),
) -> Request | Problems:
    """The comparison that the form asks for, or what to mend first.

    `percent` is the budget of every variant that takes one and names none itself.
    """
    opened, image_problem = picture(image, limits.image_pixels)
    own, lines_problem = _own_lines(lines, len(ticked), limits.sources)
    problems = Problems(
        image=image_problem,
        question=_question_problem(question, limits.reserved),
        variants="" if lines_problem else _count_problem(len(ticked), len(own)),
        lines=lines_problem,
        budget=_budget_problem(percent),
    )
    if opened is None or problems != Problems():
        return problems
    variants = [with_budget(variant, percent) for variant in (*ticked, *own)]
    return Request(opened, question.strip(), tuple(with_unique_ids(variants)))


def with_budget(variant: Variant, percent: float) -> Variant:
    """The variant with a share of the image tokens, unless it takes no budget or has its own."""
    if "keep" in variant.options or "keep" not in find_kind(variant.kind).options:
        return variant
    options = {**variant.options, "keep": f"{percent:g}%"}
    # The id stays, so that a variant is the same cell whatever its budget.
    return replace(variant, options=options, title=given_title(variant))


def parse_lines(text: str) -> list[Variant]:
    """The variants of a text, one to a line; raises InputError naming the line that is none."""
    variants = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            variant = Variant.parse(line)
            make_kind(variant)
        except InputError as problem:
            raise InputError(f"Line {number}: {problem}") from problem
        variants.append(variant)
    return variants


def picture(path: str | None, most_pixels: int = MAX_PIXELS) -> tuple[Image.Image | None, str]:
    """The image, upright in RGB, or a sentence that says why there is none."""
    if not path:
        return None, "There is no image yet; drop one here, paste one or pick an example."
    width, height = picture_size(path) or (0, 0)
    if width * height > most_pixels:
        return None, (
            f"{Path(path).name!r} has {width}×{height} pixels, {width * height / 1e6:.0f} "
            f"megapixels; {most_pixels // 1_000_000} are the most here, so scale it down."
        )
    try:
        return open_image(path, most_pixels), ""
    except InputError as problem:
        # The file's place on the server is nobody's business.
        return None, str(problem).replace(repr(path), repr(Path(path).name))


def picture_size(path: str | None) -> tuple[int, int] | None:
    """Width and height as the file's header has them, undecoded; None for what is no image."""
    if not path:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                return image.size
    except Exception:  # Pillow raises many kinds for a damaged file
        return None


def _own_lines(
    lines: str, ticked: int, sources: Collection[str] | None
) -> tuple[list[Variant], str]:
    if len(lines) > MAX_LINES:
        return [], (
            f"These lines have {len(lines):,} characters; {MAX_LINES:,} are the most, "
            "so shorten them."
        )
    try:
        variants = parse_lines(lines)
    except InputError as problem:
        return [], str(problem)
    for source in (source for variant in variants for source in variant.sources):
        if sources is not None and source not in sources:
            return [], (
                f"{source!r} is no checkpoint this server offers; tick one of the list, "
                "or run the app yourself to open others."
            )
    if variants and ticked <= MAX_VARIANTS < ticked + len(variants):
        return [], (
            f"With the {ticked} ticked, {ticked + len(variants)} variants are chosen; "
            f"{MAX_VARIANTS} are the most at once, so take some lines away or untick some."
        )
    return variants, ""


def _question_problem(question: str, reserved: Collection[str]) -> str:
    if not question.strip():
        return "There is no question yet; ask something about the image."
    if len(question) > MAX_QUESTION:
        return (
            f"The question has {len(question):,} characters; {MAX_QUESTION:,} are the most, "
            "so shorten it."
        )
    held = next((token for token in reserved if token in question), None)
    if held:
        return f"The question holds {held!r}, which is no text to this base; take it out."
    return ""


def _count_problem(ticked: int, own: int) -> str:
    if ticked + own == 0:
        return "No variant is chosen; tick at least one."
    if ticked > MAX_VARIANTS:
        return f"{ticked} variants are chosen; {MAX_VARIANTS} are the most at once, so untick some."
    return ""


def _budget_problem(percent: float) -> str:
    # Asked this way round, what is no number at all is refused as well.
    if isinstance(percent, int | float) and 0 < percent <= 100:
        return ""
    return f"A budget of {percent} % is none; choose one above 0 and up to 100."
