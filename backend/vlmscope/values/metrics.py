"""The definitions of the figures: key, label, unit, which direction is better, what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class MetricInfo:
    key: str
    label: str
    unit: str
    better: Literal["lower", "higher"] | None
    digits: int
    help: str


METRICS = (
    MetricInfo(
        "image_tokens",
        "Image tokens",
        "",
        "lower",
        0,
        "Image tokens that this variant gave the language model.",
    ),
    MetricInfo(
        "image_tokens_total",
        "Of tokens",
        "",
        None,
        0,
        "Image tokens of the whole image: one for each 32×32 pixels after the base's own resizing.",
    ),
    MetricInfo(
        "vision_s",
        "Vision",
        "s",
        "lower",
        3,
        "Seconds in the vision tower: one pass for the image, shared by all variants.",
    ),
    MetricInfo(
        "select_s",
        "Selection",
        "s",
        "lower",
        3,
        "Seconds this variant took to decide which image tokens to keep.",
    ),
    MetricInfo(
        "prefill_s",
        "Prefill",
        "s",
        "lower",
        3,
        "Seconds of this variant's own prefill, run by itself.",
    ),
    MetricInfo(
        "ttft_s",
        "First token",
        "s",
        "lower",
        3,
        "Seconds to this variant's first token: vision, selection and its own prefill added up; "
        "waiting for other variants is not counted.",
    ),
    MetricInfo(
        "kv_mib",
        "KV cache",
        "MiB",
        "lower",
        2,
        "Keys and values of the prompt after this variant's prefill, without padding.",
    ),
)
