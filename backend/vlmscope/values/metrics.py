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


_BY_ITSELF = (
    "The variant ran by itself, warmed up, several times in rotated order: the median, and from the "
    "least to the largest."
)
UNTIMED = frozenset({"image_tokens", "image_tokens_total", "kv_mib", "prefill_gflop"})
"""Figures that are counted or computed: the same however often, and beside whom, a variant runs."""


def metrics_for(mode: Mode) -> tuple[MetricInfo, ...]:
    """What a run in this mode measures of a variant.

    Seconds say which variant is better only where each was measured by itself: together, they
    have no better direction, and say so.
    """

    def seconds(key: str, label: str, meaning: str) -> MetricInfo:
        if mode == "measured":
            return MetricInfo(key, label, "s", "lower", 3, f"{meaning} {_BY_ITSELF}")
        return MetricInfo(key, label, "s", None, 3, f"{meaning} {_TAKING_TURNS}")

    alone = (
        seconds("decode_s", "Decode", "Seconds of this variant's decode, all steps of it."),
        MetricInfo(
            "decode_s_per_token",
            "Per token",
            "s",
            "lower",
            4,
            f"Seconds of a decode step, the mean of all. {_BY_ITSELF}",
        ),
        seconds("total_s", "Total", "Seconds of vision, selection, prefill and decode together."),
        MetricInfo(
            "tokens_per_s",
            "Tokens per second",
            "1/s",
            "higher",
            1,
            f"Tokens of the answer in a second of the total, which includes vision. {_BY_ITSELF}",
        ),
        MetricInfo(
            "peak_mib",
            "Peak memory",
            "MiB",
            "lower",
            1,
            "The most memory of the device that this variant needed above what was held before it, "
            "the base's weights among it; not given on a CPU.",
        ),
    )
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
            "Seconds in the vision tower; together, once for all variants that share the image, and "
            "not given when its features were remembered from an earlier comparison.",
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
        MetricInfo(
            "prefill_gflop",
            "Prefill, computed",
            "GFLOP",
            "lower",
            2,
            "Operations of the language model's prefill, computed from its dimensions and this "
            "variant's prompt, not measured: two for a multiply and an add.",
        ),
        MetricInfo(
            "lost_evidence",
            "Lost evidence",
            "%",
            "lower",
            1,
            "Share of the baseline's attention over the image tokens, as it wrote its answer, that lay "
            "on tokens which this variant dropped: the mean of all tokens of that answer. Given with "
            "maps for words, and a baseline.",
        ),
        *(alone if mode == "measured" else ()),
    )


METRICS = metrics_for("together")
