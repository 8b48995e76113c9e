"""The example images and questions that ship with the engine."""

import filecmp
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from request import picture_size
from vlmscope import Run
from vlmscope.values.images import open_image


@dataclass(frozen=True)
class Example:
    """An image with a question, and the right answer when it is known."""

    image: Path
    question: str
    answer: str | None = None


def read_examples(folder: Path) -> tuple[Example, ...]:
    """The examples listed in `examples.json` of a folder; none when there is no such file."""
    listing = folder / "examples.json"
    if not listing.is_file():
        return ()
    return tuple(
        Example(folder / entry["image"], entry["question"], entry.get("answer"))
        for entry in json.loads(listing.read_text(encoding="utf-8"))
    )


def one_for_each_image(examples: tuple[Example, ...]) -> tuple[Example, ...]:
    """The first example of every image."""
    first: dict[Path, Example] = {}
    for example in examples:
        first.setdefault(example.image, example)
    return tuple(first.values())


def expected_answer(
    examples: tuple[Example, ...], image: str | Path | None, question: str
) -> str | None:
    """The right answer, when image and question are those of an example.

    Images are told by their bytes: a browser gives back a copy of the file under another name.
    """
    asked = _plain(question)
    for example in examples:
        if _plain(example.question) == asked and image and _same_bytes(example.image, image):
            return example.answer
    return None


def example_of(examples: Sequence[Example], run: Run) -> Example | None:
    """The example whose image and, where one has it, whose question are a run's."""
    same = [each for each in examples if _is_image(each.image, run.image.pixels)]
    asked = [each for each in same if each.question == run.query]
    return next(iter((*asked, *same)), None)


def _is_image(file: Path, pixels: Image.Image) -> bool:
    if picture_size(str(file)) != pixels.size:
        return False
    return np.array_equal(np.asarray(open_image(file)), np.asarray(pixels))


def _same_bytes(a: Path, b: str | Path) -> bool:
    return filecmp.cmp(a, b, shallow=False)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip("?. ")
