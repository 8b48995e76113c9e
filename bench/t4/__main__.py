"""Write the table of docs/memory.md: `python -m bench.t4 > docs/memory.md`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.report import RESULTS
from bench.t4.model import config_of, unloaded
from bench.t4.table import CEILING_GIB, RAM_GB, Load, Part, in_ram, on_the_card
from vlmscope.engine.peak import MIB
from vlmscope.engine.room import GIB

FILE = "t4.json"
HEAD = """\
# Memory: what fits on a T4

Computed by `python -m bench.t4` from the shapes of the code itself, for a base of Qwen3-VL-2B's dimensions
in float16: {rows} rows that each keep every token of an image of {side}×{side} pixels, with answers of
{tokens} tokens. `python -m bench.t4.check` makes such a base of random weights on a GPU, runs that
comparison below the ceiling, and holds what PyTorch measured against these figures.

## On the card

A T4 has 16 GB, of which some is CUDA's own; with `MEMORY_GIB={ceiling}` PyTorch refuses what is above that.
Everything at its most, and at the same time:
"""

RAM = """
## In the machine's memory, while the base is loaded

A T4 of Hugging Face Spaces comes with {ram} GB. Beside Python and its libraries:
"""

MEASURED = """
## On a card

{hardware}, PyTorch {torch}, {dtype}, ceiling {ceiling_gib} GiB, without FlashAttention and cuDNN's
attention, which a T4 lacks; {date}, `bench/results/t4.json`. A T4 itself has not been measured, and is
slower. The first row pays for what a process does once.
"""


def document(model: Any, load: Load) -> Iterator[str]:
    """The lines of the page."""
    yield HEAD.format(rows=load.rows, side=load.side, tokens=load.new_tokens, ceiling=CEILING_GIB)
    yield from rows(list(on_the_card(model, load)), CEILING_GIB * GIB, f"{CEILING_GIB} GiB")
    yield RAM.format(ram=RAM_GB)
    yield from rows(list(in_ram(model)), RAM_GB * 10**9, f"{RAM_GB} GB")
    if (RESULTS / FILE).is_file():
        yield from measured(json.loads((RESULTS / FILE).read_text()))


def measured(report: Mapping[str, Any]) -> Iterator[str]:
    """What a card needed for all of it, as `bench.t4.check` found."""
    conditions = report["conditions"]
    dtype = conditions["dtype"].removeprefix("torch.")
    yield MEASURED.format_map({**conditions, "dtype": dtype})
    yield (
        "| attention | at peak, MiB | reserved by PyTorch, MiB | first token, s "
        f"| all {conditions['rows']} answers, s | a token, s |"
    )
    yield "|---|--:|--:|--:|--:|--:|"
    for kernel, run in report["runs"].items():
        steps = run["step_s"].values()
        yield (
            f"| {kernel} | {run['peak_mib']:,.0f} | {run['peak_reserved_mib']:,.0f} "
            f"| {run['first_token_s']:.2f} | {run['whole_s']:.1f} | {min(steps):.3f} to {max(steps):.3f} |"
        )
    yield (
        f"\nThe machine's memory reached {report['ram_peak_mib']:,.0f} MiB while the base was loaded, "
        f"{report['ram_before_load_mib']:,.0f} of them Python and its libraries.\nA token is a step of the "
        "rows without an adapter together, or of the one with an adapter,\nwhose answer is made after theirs."
    )


def rows(parts: Sequence[Part], limit: float, called: str) -> Iterator[str]:
    yield "| | MiB | how it is counted |"
    yield "|---|--:|---|"
    for part in parts:
        yield f"| {part.name} | {part.nbytes / MIB:,.0f} | {part.how} |"
    whole = sum(part.nbytes for part in parts)
    yield f"| **all** | **{whole / MIB:,.0f}** | of {called}: {(limit - whole) / GIB:.1f} GiB are left |"


def page() -> str:
    """The whole page, for a base of Qwen3-VL-2B's dimensions."""
    return "\n".join(document(unloaded(config_of()), Load())) + "\n"


if __name__ == "__main__":
    print(page(), end="")
