"""The example images and questions that ship with the engine."""

import filecmp
import json
from dataclasses import dataclass
from pathlib import Path


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


def _same_bytes(a: Path, b: str | Path) -> bool:
    return filecmp.cmp(a, b, shallow=False)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip("?. ")
