"""The grid's value: N variants of a model on one image and one question."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

from gradio.data_classes import FileData
from pydantic import Field, ValidationError, model_validator

from .cell import Cell, Fact, Metric
from .errors import InvalidComparison, sentence
from .images import ImageLike, from_data_url, to_data_url, to_file
from .model import WireModel

SCHEMA_VERSION = 1

Colormap = Literal["viridis", "magma", "cividis", "inferno", "grey", "diverging"]
Normalize = Literal["shared", "cell", "percentile"]


class View(WireModel):
    """How a comparison is looked at; what is None is left to the component and its user.

    `threshold` is a percentile (0 to 100), `range` the scale's ends in the layer's unit, `zoom`
    1 to 32, `center` the middle of the picture in normalised coordinates (0 to 1, x before y),
    `solo` the id of the one cell shown.
    """

    layer: str | None = None
    colormap: Colormap | None = None
    opacity: float | None = Field(default=None, ge=0, le=1)
    threshold: float | None = Field(default=None, ge=0, le=100)
    normalize: Normalize | None = None
    range: tuple[float, float] | None = None
    zoom: float | None = Field(default=None, ge=1, le=32)
    center: tuple[float, float] | None = None
    linked: bool | None = None
    solo: str | None = None


class Comparison(WireModel):
    """N variants side by side: one image, one question, a cell for each.

    `image` takes a PIL image, an array or a path, and becomes `FileData`. `reference` is the id
    of the cell that differences are taken against (the first when None), `expected` the answer
    when it is known, `stamp` the conditions (hardware, dtype, base). Raises InvalidComparison
    for two cells with one id, an unknown metric or reference.
    """

    schema_version: int = SCHEMA_VERSION
    image: FileData | None = None
    query: str = ""
    expected: str | None = None
    reference: str | None = None
    stamp: dict[str, Fact] = {}
    metrics: list[Metric] = []
    cells: list[Cell] = []
    view: View | None = None

    def __init__(self, *, image: ImageLike | None = None, **data: Any) -> None:
        if image is not None and not isinstance(image, dict):
            image = to_file(image, "The image of the comparison")
        super().__init__(image=image, **data)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @model_validator(mode="before")
    @classmethod
    def _known_schema(cls, data: Any) -> Any:
        _check_schema(data)
        return data

    @model_validator(mode="after")
    def _consistent(self) -> Comparison:
        ids = [cell.id for cell in self.cells]
        for id in ids:
            if ids.count(id) > 1:
                raise ValueError(f"Two cells have the id {id!r}: each needs its own")
        keys = [metric.key for metric in self.metrics]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(f"Two metrics have the key {key!r}: each needs its own")
        for cell in self.cells:
            for key in cell.metrics:
                if key not in keys:
                    raise ValueError(
                        f"Cell {cell.id!r} has a value for the metric {key!r}, "
                        f"which is not among the comparison's metrics ({', '.join(keys) or 'none'})"
                    )
        if self.reference is not None and self.reference not in ids:
            raise ValueError(
                f"The reference is {self.reference!r}, which is no cell ({', '.join(ids) or 'none'})"
            )
        return self

    def cell(self, id: str) -> Cell | None:
        """The cell with this id, or None."""
        return next((cell for cell in self.cells if cell.id == id), None)

    def save(self, path: str | os.PathLike) -> Path:
        """Write one self-contained JSON file, images and maps inside, and give its path."""
        document = self.model_dump(mode="json")
        for holder, owner in zip([document, *document["cells"]], [self, *self.cells], strict=True):
            if owner.image is not None:
                holder["image"] = _embedded(owner.image)
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
        path = Path(path)
        path.write_text(text + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: str | os.PathLike) -> Comparison:
        """Read what `save` wrote; raises InvalidComparison with a sentence for anything else."""
        try:
            document = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidComparison(f"{path} cannot be read as JSON: {error}") from error
        if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
            raise InvalidComparison(_not_a_comparison(path, document))
        # Before the images: a newer schema may keep them another way.
        _check_schema(document, str(path))
        for holder in [document, *document["cells"]]:
            image = holder.get("image") if isinstance(holder, dict) else None
            if image is not None:
                holder["image"] = from_data_url(_url_of(image))
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise InvalidComparison(f"{path}: {sentence('Comparison', error)}") from error


def _check_schema(data: Any, name: str = "This comparison") -> None:
    version = data.get("schema_version", SCHEMA_VERSION) if isinstance(data, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise InvalidComparison(
            f"{name} has schema {version}, but this gradio_comparisongrid reads up to "
            f"{SCHEMA_VERSION}: install a newer one"
        )


def _embedded(image: FileData) -> dict[str, Any]:
    name = image.orig_name or Path(image.path).name
    # No path of the machine that saved it: the data URL is all there is.
    return FileData(
        path=name, url=to_data_url(image), orig_name=name, mime_type=image.mime_type
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
