"""Turn what stands in the form into what the engine takes, or into sentences beside the fields."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from titles import given_title
from vlmscope import InputError, Variant
from vlmscope.values.images import open_image
from vlmscope.values.variant import with_unique_ids
from vlmscope.variants.registry import find_kind, make_kind

MAX_VARIANTS = 8
MAX_QUESTION = 2000


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


def read_form(
    image: str | None,
    question: str,
    ticked: Sequence[Variant],
    lines: str,
    percent: float,
    sources: Collection[str] | None = None,
) -> Request | Problems:
    """The comparison that the form asks for, or what to mend first.

    `percent` is the budget of every variant that takes one and names none itself. Where strangers
    ask, `sources` are the only checkpoints a line may name: others would probe this machine's disk.
    """
    opened, image_problem = picture(image)
    own, lines_problem = _own_lines(lines, sources)
    variants = [with_budget(variant, percent) for variant in (*ticked, *own)]
    problems = Problems(
        image=image_problem,
        question=_question_problem(question),
        variants="" if lines_problem else _count_problem(len(variants)),
        lines=lines_problem,
    )
    if opened is None or problems != Problems():
        return problems
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


def picture(path: str | None) -> tuple[Image.Image | None, str]:
    if not path:
        return None, "There is no image yet; drop one here, paste one or pick an example."
    try:
        return open_image(path), ""
    except InputError as problem:
        # The file's place on the server is nobody's business.
        return None, str(problem).replace(repr(path), repr(Path(path).name))


def _own_lines(lines: str, sources: Collection[str] | None) -> tuple[list[Variant], str]:
    try:
        variants = parse_lines(lines)
    except InputError as problem:
        return [], str(problem)
    for variant in variants:
        if sources is not None and variant.source and variant.source not in sources:
            return [], (
                f"{variant.source!r} is no checkpoint this server offers; tick one of the list, "
                "or run the app yourself to open others."
            )
    return variants, ""


def _question_problem(question: str) -> str:
    if not question.strip():
        return "There is no question yet; ask something about the image."
    if len(question) > MAX_QUESTION:
        return (
            f"The question has {len(question):,} characters; {MAX_QUESTION:,} are the most, "
            "so shorten it."
        )
    return ""


def _count_problem(count: int) -> str:
    if count == 0:
        return "No variant is chosen; tick at least one."
    if count > MAX_VARIANTS:
        return f"{count} variants are chosen; {MAX_VARIANTS} are the most at once, so untick some."
    return ""
