"""The grid's value: N variants of a model on one image and one question."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, overload

from gradio.data_classes import FileData
from pydantic import Field, ValidationError, model_validator

from .cell import Cell, Metric, Stamp
from .document import SCHEMA_VERSION, known_schema, read_document, to_document
from .errors import InvalidComparison, sentence
from .files import write_whole
from .images import ImageLike, to_file
from .model import Text, WireModel, repeated
from .page import to_frame, to_page
from .view import View


class Comparison(WireModel):
    """N variants side by side: one image, one question, a cell for each.

    `image` takes a PIL image, an array or a path, and becomes `FileData`. `reference` is the id
    of the cell that differences are taken against (the first when None), `expected` the answer
    when it is known, `stamp` the conditions (hardware, dtype, base).

    Raises InvalidComparison for two cells with one id, an unknown metric or reference. A
    `view.sort` that is no metric is refused here only, where an app's author has misspelt it:
    in a file, or from a client, it is a wish left over from another value, and is ignored.
    """

    # Frozen: what is in memory is always the newest, whatever it was read from.
    schema_version: int = Field(default=SCHEMA_VERSION, frozen=True)
    image: FileData | None = None
    query: Text = ""
    expected: Text | None = None
    reference: Text | None = None
    stamp: Stamp = {}
    metrics: list[Metric] = []
    cells: list[Cell] = []
    view: View | None = None

    def __init__(self, *, image: ImageLike | None = None, **data: Any) -> None:
        if image is not None and not isinstance(image, dict):
            image = to_file(image, "The image of the comparison")
        super().__init__(image=image, **data)
        keys = [metric.key for metric in self.metrics]
        sort = self.view and self.view.sort
        if sort is not None and sort not in keys:
            raise InvalidComparison(
                f"The view sorts by {sort!r}, which is no metric ({_listed(keys)})"
            )

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @model_validator(mode="before")
    @classmethod
    def _known_schema(cls, data: Any) -> Any:
        # Before the fields: a newer schema has some that would each be refused by name.
        return data | {"schema_version": known_schema(data)} if isinstance(data, dict) else data

    @model_validator(mode="after")
    def _consistent(self) -> Comparison:
        ids = [cell.id for cell in self.cells]
        keys = [metric.key for metric in self.metrics]
        for names, thing in ((ids, "cells have the id"), (keys, "metrics have the key")):
            twice = repeated(names)
            if twice is not None:
                raise ValueError(f"Two {thing} {twice!r}: each needs its own")
        for cell in self.cells:
            for key in cell.metrics:
                if key not in keys:
                    raise ValueError(
                        f"Cell {cell.id!r} has a value for the metric {key!r}, "
                        f"which is not among the comparison's metrics ({_listed(keys)})"
                    )
        if self.reference is not None and self.reference not in ids:
            raise ValueError(
                f"The reference is {self.reference!r}, which is no cell ({_listed(ids)})"
            )
        return self

    def cell(self, id: str) -> Cell | None:
        """The cell with this id, or None."""
        return next((cell for cell in self.cells if cell.id == id), None)

    def save(self, path: str | os.PathLike) -> Path:
        """Write one self-contained JSON file, images and maps inside, and give its path.

        The file is written whole or not at all. Raises InvalidComparison for an image that
        cannot be read, OSError for a place that cannot be written.
        """
        text = json.dumps(self._document(), ensure_ascii=False, allow_nan=False, indent=1)
        return write_whole(path, f"{text}\n".encode())

    @classmethod
    def load(cls, path: str | os.PathLike) -> Comparison:
        """Read what `save` wrote; raises InvalidComparison with a sentence for anything else."""
        document = read_document(path)
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise InvalidComparison(f"{path}: {sentence('Comparison', error)}") from error

    @overload
    def to_html(self, path: None = None) -> str: ...
    @overload
    def to_html(self, path: str | os.PathLike) -> Path: ...

    def to_html(self, path: str | os.PathLike | None = None) -> str | Path:
        """The grid as one self-contained page that works offline; the path when one is given.

        Zoom, layers, answers: everything of the grid works in it, and nothing leaves it. Raises
        as `save` does, and RuntimeError where the frontend has not been built.
        """
        page = to_page(self._document(), self._title)
        return page if path is None else write_whole(path, page.encode())

    def _repr_html_(self) -> str:
        """What a notebook shows of it: the page, in a frame of its own."""
        return to_frame(self.to_html(), self._title)

    def _document(self) -> dict[str, Any]:
        # What was put into a list or a dict of it since has been checked by nobody.
        try:
            checked = Comparison.model_validate(self.model_dump(warnings=False))
        except ValidationError as error:
            raise InvalidComparison(sentence("Comparison", error)) from error
        return to_document(checked)

    @property
    def _title(self) -> str:
        return self.query or "Comparison"


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
