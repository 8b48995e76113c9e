"""A link to a comparison: its image by name, its question, its variants, and how it is looked at."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from pydantic import ValidationError

from gradio_comparisongrid import View
from request import MAX_LINES, MAX_QUESTION, parse_lines
from vlmscope import InputError, Variant
from vlmscope.values.errors import shown

MAX_VIEW = 2000


class Parameters(Protocol):
    """The parameters of an address, some of them several times."""

    def get(self, name: str) -> str | None: ...

    def getlist(self, name: str) -> Sequence[str]: ...


@dataclass(frozen=True)
class Link:
    """What a link carries: `example` is the file name of an example image, `run` the number of a
    comparison in the history of whoever opens it."""

    question: str = ""
    variants: tuple[Variant, ...] = ()
    example: str = ""
    run: int | None = None
    view: View | None = None


def written(link: Link) -> str:
    """The link as the part of an address from its question mark on."""
    pairs = [("image", link.example)] if link.example else []
    pairs += [("run", str(link.run))] if link.run is not None else []
    pairs += [("q", link.question)]
    pairs += [("v", str(variant)) for variant in link.variants]
    view = link.view.model_dump_json(exclude_none=True) if link.view else "{}"
    pairs += [("view", view)] if view != "{}" and len(view) <= MAX_VIEW else []
    return "?" + urlencode(pairs)


def read(parameters: Parameters) -> Link | None:
    """What an address asks for, or None where it asks for nothing; InputError for an unusable one."""
    question, lines = parameters.get("q") or "", list(parameters.getlist("v"))
    image, run, view = (parameters.get(name) or "" for name in ("image", "run", "view"))
    if not any((question, lines, image, run)):
        return None
    if len(question) > MAX_QUESTION or sum(map(len, lines)) > MAX_LINES or len(image) > 200:
        raise InputError("This link is too long to be one of ours; ask for it anew.")
    if run and not (run.isascii() and run.isdecimal() and len(run) < 16):
        raise InputError(f"The link's run={shown(run)} is no number of a comparison.")
    try:
        variants = tuple(variant for line in lines for variant in parse_lines(line))
    except InputError as problem:
        raise InputError(f"The link's variants cannot be used. {problem}") from problem
    return Link(question, variants, image, int(run) if run else None, _view(view))


def as_view(given: object) -> View | None:
    """A view from plain data; None for what is none: it is only how things look."""
    try:
        # `told` is a page's own mark, and no part of how things look.
        return View.model_validate(given).model_copy(update={"told": None}) if given else None
    except ValidationError:
        return None


def _view(text: str) -> View | None:
    try:
        return as_view(json.loads(text)) if text and len(text) <= MAX_VIEW else None
    except (ValueError, RecursionError):
        return None
