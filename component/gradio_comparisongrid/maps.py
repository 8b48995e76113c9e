"""Scalar maps on a token grid, as raw values in base64."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, model_validator

from .errors import InvalidComparison
from .model import Text, WireModel

Dtype = Literal["float32", "float16", "uint8"]

_NUMPY: dict[str, np.dtype] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "uint8": np.dtype("u1"),
}


def encode(array: np.ndarray) -> str:
    """The bytes of an array in row-major order, as base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def decode(data: str, dtype: np.dtype, rows: int, cols: int, name: str) -> np.ndarray:
    """The array `[rows, cols]` that `encode` wrote; raises ValueError when the bytes do not fit."""
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{name} is not base64: give it through its from_ constructor") from None
    if len(raw) != rows * cols * dtype.itemsize:
        raise ValueError(
            f"{name} holds {len(raw)} bytes, but {rows} × {cols} of {dtype.name} "
            f"needs {rows * cols * dtype.itemsize}"
        )
    return np.frombuffer(raw, dtype=dtype).reshape(rows, cols)


def as_grid(array: ArrayLike, name: str) -> np.ndarray:
    """An array as `[rows, cols]`, or a sentence that says which shape it has."""
    try:
        grid = np.asarray(array)
    except ValueError:
        raise InvalidComparison(
            f"{name} has rows of unlike length: it needs [rows, cols]"
        ) from None
    if grid.ndim != 2 or 0 in grid.shape:
        raise InvalidComparison(f"{name} has shape {list(grid.shape)}: it needs [rows, cols]")
    return grid


def as_mask(array: ArrayLike, name: str) -> np.ndarray:
    """An array of true and false (or 1 and 0) as bool `[rows, cols]`, or a sentence on what it is."""
    mask = as_grid(array, name)
    if mask.dtype != bool and not np.isin(mask, (0, 1)).all():
        raise InvalidComparison(
            f"{name} holds {mask[~np.isin(mask, (0, 1))][0]}: it needs true or false"
        )
    return mask.astype(bool)


class Map(WireModel):
    """Raw values on a token grid `[rows, cols]`; NaN is *no value*.

    `low` and `high` are the smallest and the largest value (null when there is none). With
    `dtype="uint8"`, 0 is *no value* and 1 to 255 run evenly from `low` to `high`.
    """

    rows: int = Field(ge=1)
    cols: int = Field(ge=1)
    dtype: Dtype = "float32"
    data: str = Field(repr=False)
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _bytes_fit(self) -> Map:
        decode(self.data, _NUMPY[self.dtype], self.rows, self.cols, f"{self._name()}.data")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"{self._name()} has one of low and high: it needs both or neither")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"{self._name()} has low {self.low} above high {self.high}")
        return self

    def _name(self) -> str:
        return type(self).__name__

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.cols

    def to_array(self) -> np.ndarray:
        """The values as float32 `[rows, cols]`, NaN where there is none."""
        raw = decode(self.data, _NUMPY[self.dtype], self.rows, self.cols, f"{self._name()}.data")
        if self.dtype != "uint8":
            values = raw.astype(np.float32)
            return np.where(np.isfinite(values), values, np.float32(np.nan))
        low, high = self.low or 0.0, self.high or 0.0
        values = low + (raw.astype(np.float64) - 1) / 254 * (high - low)
        return np.where(raw == 0, np.nan, values).astype(np.float32)


def map_fields(
    array: ArrayLike, name: str, dtype: Dtype = "float32", sinks: np.ndarray | None = None
) -> dict[str, Any]:
    """The fields of a Map that holds an array of numbers `[rows, cols]`.

    NaN, infinity and what a masked array masks become *no value*; tokens in `sinks` stay out of
    `low` and `high`. Raises InvalidComparison for another shape, for what is no number, and where
    `dtype` is too small.
    """
    grid = as_grid(array, name)
    if dtype not in _NUMPY:
        raise InvalidComparison(f"{name} has dtype {dtype!r}: use one of {', '.join(_NUMPY)}")
    if not (np.issubdtype(grid.dtype, np.number) or grid.dtype == bool) or np.iscomplexobj(grid):
        raise InvalidComparison(f"{name} holds {grid.dtype}: it needs real numbers")
    values = grid.astype(np.float64)
    if isinstance(array, np.ma.MaskedArray):
        values[np.ma.getmaskarray(array)] = np.nan
    values[~np.isfinite(values)] = np.nan
    scaled = values if sinks is None else np.where(sinks, np.nan, values)
    if np.isnan(scaled).all():
        scaled = values
    known = scaled[np.isfinite(scaled)]
    low, high = (float(known.min()), float(known.max())) if known.size else (None, None)
    # Bytes are read back as float32.
    _check_reach(values, "float32" if dtype == "uint8" else dtype, name)
    if dtype == "uint8":
        stored = _to_bytes(values, low, high)
    else:
        stored = values.astype(_NUMPY[dtype])
        if low is not None and high is not None:
            low, high = (float(_NUMPY[dtype].type(bound)) for bound in (low, high))
    rows, cols = grid.shape
    return {
        "rows": rows,
        "cols": cols,
        "dtype": dtype,
        "data": encode(stored),
        "low": low,
        "high": high,
    }


def _check_reach(values: np.ndarray, dtype: Dtype, name: str) -> None:
    limit = float(np.finfo(_NUMPY[dtype]).max)
    if np.nanmax(np.abs(values), initial=0.0) > limit:
        largest = float(np.nanmax(np.abs(values)))
        raise InvalidComparison(f"{name} holds {largest:g}, more than {dtype} can ({limit:g})")


def _to_bytes(values: np.ndarray, low: float | None, high: float | None) -> np.ndarray:
    if low is None or high is None:
        return np.zeros(values.shape, np.uint8)
    span = (high - low) or 1.0
    steps = 1 + np.rint(np.clip((values - low) / span, 0, 1) * 254)
    return np.where(np.isnan(values), 0, steps).astype(np.uint8)


class Layer(Map):
    """One scalar map of a cell, on the cell's own token grid.

    `key` names it across cells, `method` says where it comes from, `unit` what it counts in.
    `diverging` puts zero in the middle of the scale. `sinks` (base64 uint8 `[rows, cols]`, 1 for
    a sink) are tokens left out of the scale.
    """

    key: Text = Field(min_length=1)
    label: Text = ""
    unit: Text = ""
    method: Text = ""
    diverging: bool = False
    sinks: str | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _sinks_fit(self) -> Layer:
        if self.sinks is not None:
            decode(self.sinks, _NUMPY["uint8"], self.rows, self.cols, f"{self._name()}.sinks")
        return self

    def _name(self) -> str:
        return f"Layer {self.key!r}"

    @classmethod
    def from_array(
        cls,
        key: str,
        array: ArrayLike,
        *,
        label: str = "",
        unit: str = "",
        method: str = "",
        diverging: bool = False,
        sinks: ArrayLike | None = None,
        dtype: Dtype = "float32",
    ) -> Layer:
        """A layer of the numbers in `array` `[rows, cols]`; NaN and infinity are *no value*.

        `float32` keeps them exactly (as float32), `float16` in half the bytes, `uint8` in a
        quarter, as 255 steps between the smallest and the largest. `sinks` is a bool mask
        `[rows, cols]`. Raises InvalidComparison, naming the layer and what it was given.
        """
        name = f"Layer {key!r}"
        mask = None
        if sinks is not None:
            mask = as_mask(sinks, f"{name}.sinks")
            if mask.shape != np.shape(array):
                raise InvalidComparison(
                    f"{name}.sinks has shape {list(mask.shape)}: it needs {list(np.shape(array))}"
                )
        return cls(
            key=key,
            label=label,
            unit=unit,
            method=method,
            diverging=diverging,
            sinks=None if mask is None else encode(mask.astype(np.uint8)),
            **map_fields(array, name, dtype, mask),
        )


class Word(WireModel):
    """A piece of an answer and its map.

    `start` and `end` count Unicode code points in the answer, as Python does; several tokens of
    part of a character may share one span. `map` takes numbers `[rows, cols]` and keeps them as
    `dtype`, as a layer does: `float16` or `uint8` make a long answer smaller.
    """

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    map: Map

    def __init__(
        self,
        start: int,
        end: int,
        map: Map | ArrayLike,
        *,
        dtype: Dtype = "float32",
        **data: Any,
    ) -> None:
        if not isinstance(map, (Map, dict)):
            fields = map_fields(map, f"The map of Word({start}, {end})", dtype)
            # The word's own check comes after: once is enough for bytes that were just written.
            map = Map.model_construct(**fields)
        super().__init__(start=start, end=end, map=map, **data)

    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @model_validator(mode="after")
    def _in_order(self) -> Word:
        if self.end < self.start:
            raise ValueError(f"Word({self.start}, {self.end}) ends before it starts")
        return self

    def to_array(self) -> np.ndarray:
        """The word's values as float32 `[rows, cols]`, NaN where there is none."""
        return self.map.to_array()
