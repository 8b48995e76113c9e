"""`lora`: the base with a LoRA adapter and every image token (Hu et al. 2021, arXiv 2106.09685).

The adapter is the variant's source, which the engine loads as it does one beside a compressor
(`lora=`); the kind itself only keeps every token. One on the vision tower has image features of its
own.
"""

from __future__ import annotations

from typing import ClassVar

from vlmscope.variants.baseline import Baseline


class Lora(Baseline):
    """Every image token, seen and answered with the adapter."""

    summary: ClassVar[str] = "The base with a LoRA adapter: every image token."
    source: ClassVar[bool] = True
