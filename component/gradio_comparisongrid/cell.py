"""One variant's cell, its metrics and what it says about its tokens."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from gradio.data_classes import FileData
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from .images import ImageLike, to_file
from .maps import Layer, Word
from .model import LARGEST, Text, WireModel, encodable, repeated
from .tokens import Tokens

Status = Literal["waiting", "running", "done", "failed", "stopped"]


def _finite_or_none(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain_refusal(needs: str) -> WrapValidator:
    """Refuses in one sentence what pydantic would refuse once for each type of a union."""

    def check(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
        try:
            return validate(value)
        except ValidationError as error:
            raise ValueError(f"{value!r:.60} is given, but it needs {needs}") from error

    return WrapValidator(check)


Number = Annotated[float | None, BeforeValidator(_finite_or_none)]
"""A number of JSON: NaN and infinity are no value."""

Fact = Annotated[
    bool | int | float | str | None,
    BeforeValidator(_finite_or_none),
    _plain_refusal("a number, a text, true, false or None"),
]


def _can_be_sent(stamp: dict[str, Fact]) -> dict[str, Fact]:
    if isinstance(stamp.get("path"), str):
        raise ValueError(
            f"'path' is {stamp['path']!r:.60}, which Gradio would take for a file to copy: "
            "choose another key"
        )
    for key, fact in stamp.items():
        encodable(key)
        if isinstance(fact, str):
            encodable(fact)
        elif isinstance(fact, int) and abs(fact) > LARGEST:
            raise ValueError(
                f"{key!r} is {fact}, which a page would round: give it as a text, or within ±2^53"
            )
    return stamp


Stamp = Annotated[dict[str, Fact], AfterValidator(_can_be_sent)]
"""Conditions: any key and a number, a text, true, false or None."""


class Metric(WireModel):
    """What a figure means: `better` says which direction is good, `digits` how it is written."""

    key: Text = Field(min_length=1)
    label: Text = ""
    unit: Text = ""
    better: Literal["lower", "higher"] | None = None
    digits: int | None = Field(default=None, ge=0, le=12)
    help: Text = ""

    def __init__(self, key: str, label: str = "", **data: Any) -> None:
        super().__init__(key=key, label=label, **data)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


class Measured(WireModel):
    """A figure with its spread: value, low and high, from n measurements."""

    value: Number = None
    low: Number = None
    high: Number = None
    n: int | None = Field(default=None, ge=1, le=LARGEST)

    def __init__(self, value: float | None = None, **data: Any) -> None:
        super().__init__(value=value, **data)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


Figure = Annotated[Number | Measured, _plain_refusal("a number, None or Measured")]
"""What a cell may hold for a metric."""


class Cell(WireModel):
    """One variant: what it answered, what it cost, what it looked at and what it dropped.

    `layers`, `tokens` and the words' maps lie on one token grid, the cell's own. `correct` is
    None when nobody knows. `metrics` hold a number or a `Measured` for a metric's key. `image`
    is given only when this cell's input is another one than the comparison's.
    """

    id: Text = Field(min_length=1)
    title: Text = ""
    subtitle: Text = ""
    status: Status = "done"
    answer: Text = ""
    correct: bool | None = None
    error: Text | None = None
    warnings: list[Text] = []
    metrics: dict[Text, Figure] = {}
    layers: list[Layer] = []
    tokens: Tokens | None = None
    words: list[Word] = []
    image: FileData | None = None
    stamp: Stamp = {}

    def __init__(
        self, id: str, title: str = "", *, image: ImageLike | None = None, **data: Any
    ) -> None:
        if image is not None and not isinstance(image, dict):
            image = to_file(image, f"The image of cell {id!r}")
        if data.get("error") and "status" not in data:
            data["status"] = "failed"
        super().__init__(id=id, title=title, image=image, **data)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @model_validator(mode="after")
    def _fits_together(self) -> Cell:
        self._one_grid()
        twice = repeated(layer.key for layer in self.layers)
        if twice is not None:
            raise ValueError(f"Cell {self.id!r} has two layers with the key {twice!r}")
        for word in self.words:
            if word.end > len(self.answer):
                raise ValueError(
                    f"Cell {self.id!r} has Word({word.start}, {word.end}), "
                    f"outside its answer of {len(self.answer)} characters"
                )
        return self

    def _one_grid(self) -> None:
        maps = [(f"layer {layer.key!r}", layer.shape) for layer in self.layers]
        maps += [(f"Word({word.start}, {word.end})", word.map.shape) for word in self.words]
        if self.tokens is not None:
            maps.insert(0, ("tokens", self.tokens.shape))
        for name, shape in maps[1:]:
            if shape != maps[0][1]:
                raise ValueError(
                    f"Cell {self.id!r} has {name} of {_by(shape)}, but {maps[0][0]} of "
                    f"{_by(maps[0][1])}: a cell has one token grid"
                )

    def layer(self, key: str) -> Layer | None:
        """The layer with this key, or None."""
        return next((layer for layer in self.layers if layer.key == key), None)


def _by(shape: tuple[int, int]) -> str:
    return f"{shape[0]} × {shape[1]}"
