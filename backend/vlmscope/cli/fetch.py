"""Checkpoints on the Hub are fetched before anything runs, and a terminal is told the bytes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from vlmscope.checkpoints.places import MAX_PATH, is_hub
from vlmscope.checkpoints.sources import local_source
from vlmscope.values.errors import CheckpointError, plain
from vlmscope.values.variant import Variant


def fetch(variants: Sequence[Variant]) -> None:
    """Have what the variants name on the Hub here; one that cannot be had is its variant's own fault."""
    for source in dict.fromkeys(each for variant in variants for each in variant.sources):
        if not is_hub(source):
            continue

        def show(have: int, whole: int, source: str = source) -> None:
            if sys.stderr.isatty():
                told = f"{have / 2**20:,.1f} of {whole / 2**20:,.1f} MiB"
                print(
                    f"\r{plain(source, MAX_PATH)}: {told}",
                    end="\n" if have >= whole else "",
                    file=sys.stderr,
                )

        try:
            local_source(source, progress=show)
        except CheckpointError:
            continue  # said again where the variant fails, beside the others' answers
