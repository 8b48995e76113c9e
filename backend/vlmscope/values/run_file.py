"""Parts of a saved run: images as PNG, arrays as little-endian bytes, both in base64."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from math import nan
from typing import Any

import numpy as np
from PIL import Image

from vlmscope.values.plan import TokenMap
from vlmscope.values.result import Result, RunImage, Spread, WordMap
from vlmscope.values.variant import Variant

MAX_CELLS = 65535


def image_facts(image: RunImage) -> dict[str, Any]:
    """What is told of an image beside its pixels."""
    return {
        "width": image.width,
        "height": image.height,
        "rows": image.rows,
        "cols": image.cols,
        "tokens": image.tokens,
    }


def encode_image(image: RunImage) -> dict[str, Any]:
    buffer = io.BytesIO()
    image.pixels.save(buffer, "PNG")
    return image_facts(image) | {"png": base64.b64encode(buffer.getvalue()).decode("ascii")}


def decode_image(entry: Mapping[str, Any], to_rgb: Callable[[Any], Image.Image]) -> RunImage:
    """The image; `to_rgb` opens it, and refuses one too large before it is decoded."""
    picture = Image.open(io.BytesIO(base64.b64decode(entry["png"], validate=True)), formats=["PNG"])
    return RunImage(to_rgb(picture), int(entry["rows"]), int(entry["cols"]))


def result_facts(result: Result) -> dict[str, Any]:
    """What a result says beside its arrays, as every document that holds one says it."""
    return {
        "id": result.id,
        "variant": str(result.variant),
        "status": result.status,
        "answer": result.answer,
        "token_ids": result.token_ids,
        "error": result.error,
        "warnings": result.warnings,
        "metrics": result.metrics,
        "spreads": {key: [s.low, s.high, s.n] for key, s in result.spreads.items()},
    }


def encode_result(result: Result) -> dict[str, Any]:
    return result_facts(result) | {
        "image": None if result.image is None else encode_image(result.image),
        "assign": None if result.assign is None else encode_array(result.assign, "<u2"),
        "maps": [
            {
                "key": each.key,
                "label": each.label,
                "method": each.method,
                "unit": each.unit,
                "low": each.low,
                "high": each.high,
                "values": encode_array(each.values, "<f4"),
                "sinks": None if each.sinks is None else encode_array(each.sinks, "<u2"),
            }
            for each in result.maps.values()
        ],
        "words": [
            [word.start, word.end, encode_array(word.values, "<f4")] for word in result.words
        ],
        "lost": result.lost,
    }


def decode_result(entry: Mapping[str, Any], to_rgb: Callable[[Any], Image.Image]) -> Result:
    """A result; raises KeyError, TypeError or ValueError for one that is damaged."""
    own = entry.get("image")  # a run saved before there was any has none
    variant = Variant.parse(entry["variant"])
    if entry["status"] not in ("done", "failed", "stopped"):
        raise ValueError(f"status {entry['status']!r}")
    assign = None if entry["assign"] is None else decode_array(entry["assign"])
    maps = [
        TokenMap(
            key=str(each["key"]),
            label=str(each["label"]),
            values=decode_array(each["values"]),
            method=str(each["method"]),
            unit=str(each["unit"]),
            low=_bound(each["low"]),
            high=_bound(each["high"]),
            sinks=decode_array(each["sinks"]).astype(bool) if each.get("sinks") else None,
        )
        for each in entry["maps"]
    ]
    return Result(
        id=str(entry["id"]),
        variant=variant,
        status=entry["status"],
        answer=str(entry["answer"]),
        token_ids=tuple(int(token) for token in entry["token_ids"]),
        grid=None if assign is None else (assign.shape[0], assign.shape[1]),
        assign=assign,
        maps={each.key: each for each in maps},
        metrics={str(key): value for key, value in entry["metrics"].items()},
        warnings=tuple(str(warning) for warning in entry["warnings"]),
        error=None if entry["error"] is None else str(entry["error"]),
        words=tuple(
            WordMap(int(start), int(end), decode_array(values))
            for start, end, values in entry.get("words", ())
        ),
        lost=tuple(float(share) for share in entry.get("lost", ())),
        image=None if own is None else decode_image(own, to_rgb),
        spreads={
            str(key): Spread(low, high, int(n))
            for key, (low, high, n) in entry.get("spreads", {}).items()
        },
    )


def _bound(value: Any) -> float:
    """A bound of a scale; null, which JSON has for a number that is not finite, is none."""
    return nan if value is None else float(value)


def encode_array(array: np.ndarray, dtype: str) -> dict[str, Any]:
    """A grid [rows, cols] of float32 or uint16 as base64."""
    data = np.ascontiguousarray(array, dtype=dtype).tobytes()
    return {
        "rows": array.shape[0],
        "cols": array.shape[1],
        "dtype": np.dtype(dtype).name,
        "data": base64.b64encode(data).decode("ascii"),
    }


def decode_array(entry: Mapping[str, Any]) -> np.ndarray:
    """The grid [rows, cols] that `encode_array` wrote; raises ValueError when sizes disagree."""
    dtype = {"float32": "<f4", "uint16": "<u2"}[entry["dtype"]]
    rows, cols = int(entry["rows"]), int(entry["cols"])
    if rows < 1 or cols < 1 or rows * cols > MAX_CELLS:
        raise ValueError(f"a grid of {rows}×{cols}")
    flat = np.frombuffer(base64.b64decode(entry["data"], validate=True), dtype=dtype)
    return flat.reshape(rows, cols).astype(np.dtype(dtype).newbyteorder("="))
