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


Mode = Literal["together", "measured"]

_TAKING_TURNS = (
    "From one run in which the variants take turns on the device, the first of them not warmed up: "
    "no comparison of speed."
)


def metrics_for(mode: Mode) -> tuple[MetricInfo, ...]:
    """What a run in this mode measures of a variant.

    Seconds say which variant is better only where each was measured by itself: together, they
    have no better direction, and say so.
    """

    def seconds(key: str, label: str, meaning: str) -> MetricInfo:
        if mode == "measured":
            return MetricInfo(key, label, "s", "lower", 3, meaning)
        return MetricInfo(key, label, "s", None, 3, f"{meaning} {_TAKING_TURNS}")

    return (
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
            "Image tokens of the whole image: one for each 32×32 pixels after the base's own "
            "resizing.",
        ),
        seconds(
            "vision_s",
            "Vision",
            "Seconds in the vision tower, once for all variants; not given when the image's "
            "features were remembered from an earlier comparison.",
        ),
        seconds(
            "select_s",
            "Selection",
            "Seconds this variant took to decide which image tokens to keep.",
        ),
        seconds(
            "prefill_s",
            "Prefill",
            "Seconds of this variant's own prefill.",
        ),
        seconds(
            "ttft_s",
            "First token",
            "Seconds of work to this variant's first token: vision, selection and prefill added "
            "up; not given when the vision tower did not run.",
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


METRICS = metrics_for("together")
