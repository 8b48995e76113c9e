"""From what stands in the form of a batch to its plan, or to sentences beside the fields."""

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from batch.folder import MOST_AT_THE_DESK, copied, uploaded_suite
from batch.plan import Plan
from offer import Offer
from request import (
    budget_problem,
    count_problem,
    picture_size,
    read_lines,
    text_problem,
    with_budget,
)
from vlmscope import InputError, Suite, Variant, read_suite
from vlmscope.evidence.cases import product
from vlmscope.evidence.suite import Case
from vlmscope.values.errors import shown
from vlmscope.values.images import MAX_PIXELS
from vlmscope.values.variant import with_unique_ids

PRODUCT, UPLOADED, SHIPPED = "Images × questions", "Suite file", "Held-out suite"
SOURCES = (PRODUCT, UPLOADED, SHIPPED)
MAX_IMAGES = 64
UNPACKED = "unpacked"
"""Where a suite lies while it is read."""


@dataclass(frozen=True)
class Asked:
    """What stands in the form, as it stands there."""

    source: str
    images: Sequence[Path]
    questions: str
    files: Sequence[Path]
    count: float | None
    """How many cases of the held-out suite, from its first."""
    ticked: Sequence[str]
    lines: str
    percent: float
    is_measured: bool


@dataclass(frozen=True)
class Limits:
    """What one batch may be; `reserved` tokens of the base stand in no question.

    `suite_bytes` is the most that is uploaded for it, unpacked.
    """

    cases: int
    variants: int
    new_tokens: int
    image_pixels: int = MAX_PIXELS
    suite_bytes: int = MOST_AT_THE_DESK
    reserved: Collection[str] = ()


@dataclass(frozen=True)
class Problems:
    """What is wrong with the form, one sentence for each field that is."""

    images: str = ""
    questions: str = ""
    suite: str = ""
    count: str = ""
    variants: str = ""
    lines: str = ""
    budget: str = ""

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


def read_form(
    asked: Asked, offer: Offer, limits: Limits, held_out: Path, folder: Path
) -> Plan | Problems:
    """The plan that the form asks for, its images copied into `folder`; or what to mend first.

    `held_out` is the suite that ships; its images may be named by an uploaded suite too.
    """
    variants, problems = _variants(asked, offer, limits.variants)
    suite: Suite | None = None
    if asked.source == PRODUCT:
        suite, mistakes = _product(asked, limits)
        problems = replace(problems, **mistakes)
    elif asked.source == SHIPPED:
        suite, mistake = _first(read_suite(held_out), asked.count)
        problems = replace(problems, count=mistake)
    else:
        try:
            shipped = sorted((held_out.parent / "images").iterdir())
            (unpacked := folder / UNPACKED).mkdir()
            suite = uploaded_suite(asked.files, shipped, unpacked, limits.suite_bytes)
            problems = replace(problems, suite=_suite_problem(suite, limits))
        except InputError as refused:
            problems = replace(problems, suite=str(refused))
    if suite is None or problems:
        return problems
    options: dict[str, Any] = {
        "mode": "measured" if asked.is_measured else "together",
        "max_new_tokens": limits.new_tokens,
        "max_image_pixels": limits.image_pixels,
    }
    cases = _with_own_images(suite.cases, folder)
    # What a batch is done with is forgotten image by image, and this would stay.
    shutil.rmtree(folder / UNPACKED, ignore_errors=True)
    return Plan(suite.name, cases, variants, options)


def questions_of(text: str) -> list[str]:
    """The questions of a text, one to a line, each once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _with_own_images(cases: Sequence[Case], folder: Path) -> tuple[Case, ...]:
    """The cases about copies of their images: what was uploaded is deleted in its time."""
    images = list(dict.fromkeys(case.image for case in cases))
    own = dict(zip(images, copied(images, folder), strict=True))
    return tuple(replace(case, image=own[case.image]) for case in cases)


def _product(asked: Asked, limits: Limits) -> tuple[Suite | None, dict[str, str]]:
    questions = questions_of(asked.questions)
    mistakes = {
        "images": _images_problem(asked.images, limits.image_pixels),
        "questions": _questions_problem(questions, limits.reserved),
    }
    if any(mistakes.values()):
        return None, mistakes
    cases = tuple(product(asked.images, questions))
    mistakes["questions"] = _cases_problem(
        f"{len(asked.images)} images and {len(questions)} questions", len(cases), limits.cases
    )
    return Suite(f"{len(asked.images)} × {len(questions)}", cases), mistakes


def _first(suite: Suite, count: float | None) -> tuple[Suite | None, str]:
    whole = len(suite.cases)
    if not isinstance(count, int | float) or not 1 <= count <= whole or count != int(count):
        return None, f"{shown(count)} is no number of cases; choose from 1 to {whole}."
    return replace(suite, cases=suite.cases[: int(count)]), ""


def _images_problem(images: Sequence[Path], most_pixels: int) -> str:
    if not images:
        return "There is no image yet; drop some here or take the examples."
    if len(images) > MAX_IMAGES:
        return f"There are {len(images)} images; {MAX_IMAGES} are the most, so take some away."
    for number, image in enumerate(images, 1):
        name = f"Image {number}, {shown(image.name)},"
        size = picture_size(str(image))
        if size is None:
            return f"{name} is none that can be read; give a PNG, JPEG or WebP."
        if size[0] * size[1] > most_pixels:
            return (
                f"{name} has {size[0]}×{size[1]} pixels; {most_pixels // 1_000_000} megapixels are "
                "the most here, so scale it down."
            )
    return ""


def _questions_problem(questions: Sequence[str], reserved: Collection[str]) -> str:
    if not questions:
        return "There is no question yet; write one to a line."
    for number, question in enumerate(questions, 1):
        if problem := text_problem(f"Question {number}", question, reserved):
            return problem
    return ""


def _suite_problem(suite: Suite, limits: Limits) -> str:
    most = _cases_problem(f"The suite {shown(suite.name)}", len(suite.cases), limits.cases)
    return most or next(
        (
            f"Case {shown(case.id)}: {problem}"
            for case in suite.cases
            if (problem := _questions_problem([case.query], limits.reserved))
        ),
        "",
    )


def _cases_problem(what: str, count: int, most: int) -> str:
    if count <= most:
        return ""
    return f"{what} make {count:,} cases; {most:,} are the most of a batch, so take fewer."


def _variants(asked: Asked, offer: Offer, most: int) -> tuple[tuple[Variant, ...], Problems]:
    ticked = [each.variant for each in offer.choices if each.variant.id in asked.ticked]
    own, lines = read_lines(asked.lines, offer)
    chosen = "" if lines and not ticked else count_problem(len(ticked) + len(own), most)
    budget = budget_problem(asked.percent)
    problems = Problems(variants=chosen, lines=lines, budget=budget)
    if problems:
        return (), problems
    every = [with_budget(variant, asked.percent) for variant in (*ticked, *own)]
    return tuple(with_unique_ids(every)), problems
