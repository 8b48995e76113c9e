"""A comparison as one self-contained document of plain JSON data: images inside, no paths."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradio.data_classes import FileData

from .errors import InvalidComparison
from .images import from_data_url, to_data_url

if TYPE_CHECKING:
    from .comparison import Comparison

SCHEMA_VERSION = 3
"""2 and 3 added fields to the view; what an older one holds means the same in a newer."""


def to_document(value: Comparison) -> dict[str, Any]:
    """Everything in `value`, with each image as a data URL.

    Raises InvalidComparison, naming the cell, for an image that cannot be read.
    """
    document = value.model_dump(mode="json")
    if document["view"] is not None:
        # A mark of a page that is not there when it is read.
        document["view"]["told"] = None
    if value.image is not None:
        document["image"] = _embedded(value.image, "The image of the comparison")
    for told, cell in zip(document["cells"], value.cells, strict=True):
        if cell.image is not None:
            told["image"] = _embedded(cell.image, f"The image of cell {cell.id!r}")
    return document


def read_document(path: str | os.PathLike) -> dict[str, Any]:
    """What `to_document` gave, from a file; its images become files in Gradio's cache.

    Raises InvalidComparison with a sentence for a file that holds something else.
    """
    try:
        # With or without the mark of byte order that some editors put first.
        document = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidComparison(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        raise InvalidComparison(_not_a_comparison(path, document))
    # Before the images: a newer schema may keep them another way.
    document["schema_version"] = known_schema(document, str(path))
    for holder in [document, *document["cells"]]:
        image = holder.get("image") if isinstance(holder, dict) else None
        if image is not None:
            owner = "the comparison" if holder is document else f"cell {holder.get('id')!r:.60}"
            holder["image"] = from_data_url(_url_of(image), f"{path}: the image of {owner}")
    return document


def known_schema(document: dict[str, Any], name: str = "This comparison") -> int:
    """The schema that `document` can be read as; raises InvalidComparison when it is a newer one."""
    version = document.get("schema_version", 1)
    if type(version) is not int or version < 1:
        raise InvalidComparison(
            f"{name} has schema_version {version!r:.60}: it needs a whole number from 1 to "
            f"{SCHEMA_VERSION}"
        )
    if version > SCHEMA_VERSION:
        raise InvalidComparison(
            f"{name} has schema {version}, but this gradio_comparisongrid reads up to "
            f"{SCHEMA_VERSION}: install a newer one"
        )
    return SCHEMA_VERSION


def _embedded(image: FileData, owner: str) -> dict[str, Any]:
    name = image.orig_name or Path(image.path).name
    # No path of the machine that saved it: the data URL is all there is.
    return FileData(
        path=name, url=to_data_url(image, owner), orig_name=name, mime_type=image.mime_type
    ).model_dump()


def _url_of(image: Any) -> str:
    return str(image.get("url")) if isinstance(image, dict) else str(image)


def _not_a_comparison(path: str | os.PathLike, document: Any) -> str:
    if isinstance(document, dict) and "results" in document:
        return (
            f"{path} is a Run of the vlmscope engine, not a Comparison of the grid: "
            "vlmscope.Run.load reads it"
        )
    return f"{path} is no Comparison: it has no cells"
