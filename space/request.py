"""Turn what stands in the form into what the engine takes, or into sentences beside the fields."""

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import ConfigDict, TypeAdapter, ValidationError

from offer import Offer
from titles import given_title
from vlmscope import InputError, Variant
from vlmscope.values.errors import plain, shown
from vlmscope.values.images import FORMATS, MAX_PIXELS, open_image
from vlmscope.values.variant import with_unique_ids
from vlmscope.variants.registry import find_kind, make_kind

MAX_QUESTION = 2000
MAX_LINES = 4000
"""Characters of all variants in text together."""
MOST_WORD_MAPS_BYTES = 16 * 2**20
"""All maps of words in one grid, which is sent again and again while they come."""


OWN = TypeAdapter(dict[str, dict[str, str]], config=ConfigDict(strict=True))
ANYTHING = Offer((), is_private=True)


@dataclass(frozen=True)
class Limits:
    """What one person may ask for.

    `offer` says which checkpoints a line may name. `reserved` tokens of the base stand in no question.
    """

    offer: Offer = ANYTHING
    reserved: Collection[str] = ()
    image_pixels: int = MAX_PIXELS
    variants: int = 16


@dataclass(frozen=True)
class Request:
    """A comparison that can start: `image` is an upright RGB picture."""

    image: Image.Image
    question: str
    variants: tuple[Variant, ...]
    word_maps: bool = False


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
    own: Mapping[str, Mapping[str, str]] = {},
) -> Request | Problems:
    """The comparison that the form asks for, or what to mend first.

    `percent` is the budget of every variant that takes one and names none itself; `own` has the
    options of single ticked variants, by id and name, `lora` among them.
    """
    opened, image_problem = picture(image, limits.image_pixels)
    chosen, own_problem = _with_own(ticked, own, limits.offer)
    others, lines_problem = _own_lines(lines, len(ticked), limits)
    counted = "" if lines_problem else count_problem(len(ticked) or len(others), limits.variants)
    problems = Problems(
        image=image_problem,
        question=_question_problem(question, limits.reserved),
        variants=counted or own_problem,
        lines=lines_problem,
        budget=budget_problem(percent),
    )
    if opened is None or problems != Problems():
        return problems
    variants = [with_budget(variant, percent) for variant in (*chosen, *others)]
    return Request(opened, question.strip(), tuple(with_unique_ids(variants)))


def own_of(given: Any) -> dict[str, dict[str, str]]:
    """The options of single variants as a client sends them; raises InputError for what is none."""
    try:
        return OWN.validate_python(given or {})
    except ValidationError as error:
        raise InputError(
            f"{shown(given)} has no options of variants; give texts by variant and option, such as "
            '{"random": {"seed": "7"}}.'
        ) from error


def with_options(variant: Variant, options: Mapping[str, str]) -> Variant:
    """The variant with options of its own, empty ones left out; its id and title stay.

    `lora` is an adapter beside it. Raises InputError for an option that its kind cannot use.
    """
    given = {name: value.strip() for name, value in options.items() if value.strip()}
    lora = given.pop("lora", None)
    changed = replace(
        variant,
        options={**variant.options, **given},
        adapters=(*variant.adapters, *([lora] if lora else [])),
        title=given_title(variant),
    )
    make_kind(changed)
    return changed


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


def lines_problem(length: int) -> str:
    """Why variants in text of that many characters are not read."""
    if length <= MAX_LINES:
        return ""
    return f"These lines have {length:,} characters; {MAX_LINES:,} are the most, so shorten them."


def read_lines(text: str, offer: Offer) -> tuple[list[Variant], str]:
    """The variants of a text, one to a line, with the places of what they name; or why there are none."""
    if problem := lines_problem(len(text)):
        return [], problem
    try:
        return [offer.resolved(variant) for variant in parse_lines(text)], ""
    except InputError as problem:
        return [], str(problem)


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
            with Image.open(path, formats=FORMATS) as image:
                return image.size
    except Exception:  # Pillow raises many kinds for a damaged file
        return None


def _with_own(
    ticked: Sequence[Variant], own: Mapping[str, Mapping[str, str]], offer: Offer
) -> tuple[list[Variant], str]:
    chosen = []
    for variant in ticked:
        try:
            chosen.append(offer.resolved(with_options(variant, own.get(variant.id, {}))))
        except InputError as problem:
            return [], f"{variant.title}: {problem}"
    return chosen, ""


def _own_lines(lines: str, ticked: int, limits: Limits) -> tuple[list[Variant], str]:
    variants, problem = read_lines(lines, limits.offer)
    if variants and ticked <= limits.variants < ticked + len(variants):
        return [], (
            f"With the {ticked} ticked, {ticked + len(variants)} variants are chosen; "
            f"{limits.variants} are the most at once, so take some lines away or untick some."
        )
    return variants, problem


def _question_problem(question: str, reserved: Collection[str]) -> str:
    if not question.strip():
        return "There is no question yet; ask something about the image."
    return text_problem("The question", question, reserved)


def text_problem(name: str, question: str, reserved: Collection[str]) -> str:
    """Why a question, called so, cannot be asked: it is too long, or holds a token of the base."""
    if len(question) > MAX_QUESTION:
        return (
            f"{name} has {len(question):,} characters; {MAX_QUESTION:,} are the most, "
            "so shorten it."
        )
    held = next((token for token in reserved if token in question), None)
    return f"{name} holds {held!r}, which is no text to this base; take it out." if held else ""


def count_problem(count: int, most: int) -> str:
    """Why so many variants cannot be compared."""
    if count == 0:
        return "No variant is chosen; tick at least one."
    if count > most:
        return f"{count} variants are chosen; {most} are the most at once, so untick some."
    return ""


def word_maps_problem(tokens: int | None, variants: int, longest: int) -> str:
    """Why a map for each of `longest` words cannot be had from so many variants: a page would not hold them.

    A map has two bytes for each of the image's `tokens`; of an image without any, something else is said.
    """
    largest = 2 * (tokens or 0) * variants * longest
    if largest <= MOST_WORD_MAPS_BYTES:
        return ""
    return (
        f"Maps for each of up to {longest} words from {variants} variants at {tokens:,} image tokens "
        f"could take {largest / 2**20:.0f} MiB; {MOST_WORD_MAPS_BYTES // 2**20} are the most in a "
        "page, so take fewer variants, a smaller image or no maps for words."
    )


def budget_problem(percent: Any) -> str:
    """Why a budget in percent is none."""
    # Asked this way round, what is no number at all is refused as well.
    if isinstance(percent, int | float) and 0 < percent <= 100:
        return ""
    return f"A budget of {plain(str(percent), 60)} % is none; choose one above 0 and up to 100."
