"""The model card: everything measured on held-out cases, and the page that tells it."""

from __future__ import annotations

import hashlib
import json
import platform
from itertools import product
from pathlib import Path

import numpy as np
import torch
import transformers
from numpy.typing import ArrayLike

from vlmscope.checkpoints.adapter import WEIGHTS
from vlmscope.checkpoints.head import load_head
from vlmscope.engine.adapters import adapt

from .held_out import (
    BUDGETS,
    RANDOM_SEEDS,
    SEED,
    HeldOut,
    by_type,
    held_out_cases,
    load_base,
    most_frequent,
    random_keeps,
    uniform_keeps,
)
from .questions import TYPES
from .scenes import HELD_OUT_SHARE


def measure(assets: Path, per_type: int) -> dict:
    """Every figure of the card, on the files that ship: float32, greedy, exact match."""
    model, tokenizer = load_base(assets / "base")
    cases = held_out_cases(per_type)
    bench = HeldOut(model, tokenizer, cases)
    rows: list[dict] = []

    def add(name: str, kept: str, verdicts: list[bool]) -> list[bool]:
        rows.append({"name": name, "kept": kept, **by_type(cases, verdicts)})
        print(json.dumps(rows[-1]), flush=True)
        return verdicts

    whole = add("full image", "100 %", bench.exact())
    add("blank image", "100 %", bench.exact(blank=True))
    add("most frequent answer", "none", most_frequent(cases))
    files = sorted((assets / "checkpoints").glob("*.safetensors"))
    against: list[dict] = []
    adapted = {
        file.parent.name: HeldOut(adapt(model, str(file.parent), "").model, tokenizer, cases)
        for file in sorted((assets / "checkpoints").glob(f"*/{WEIGHTS}"))
    }
    for folder, over in adapted.items():
        mine = add(f"{folder}, full image", "100 %", over.exact())
        figures = paired(mine, whole)
        name = f"{folder} over the full image"
        against.append({"head": name, "kept": "100 %", "control": "the base alone", **figures})
    for share in BUDGETS:
        kept = f"{share:.0%}".replace("%", " %")
        heads: dict[str, list[bool]] = {}
        for file in files:
            head = load_head(str(file), model.config.get_text_config().hidden_size).head
            heads[file.stem] = add(file.stem, kept, bench.exact(bench.head_keeps(head, share)))
        chance = [
            add(f"random, seed {seed}", kept, bench.exact(random_keeps(seed, share)))
            for seed in RANDOM_SEEDS
        ]
        controls = {
            "random": np.mean(chance, axis=0),
            "uniform": add("uniform", kept, bench.exact(uniform_keeps(share))),
            "Sobel magnitude": add(
                "Sobel magnitude alone", kept, bench.exact(bench.saliency_keeps(share))
            ),
        }
        for folder, over in adapted.items():
            name = f"{folder} over random tokens"
            mine = [
                add(f"{name}, seed {seed}", kept, over.exact(random_keeps(seed, share)))
                for seed in RANDOM_SEEDS
            ]
            figures = paired(np.mean(mine, axis=0), controls["random"])
            against.append({"head": name, "kept": kept, "control": "the base alone", **figures})
        for (head, mine), (control, its) in product(heads.items(), controls.items()):
            against.append({"head": head, "kept": kept, "control": control, **paired(mine, its)})
    return {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "cases": len(cases),
        "seed": SEED,
        "dtype": "float32",
        "hardware": platform.processor() or platform.machine(),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "digest_of_cases": _digest(cases),
        "yes_no": {
            name: sum(case.question.yes_no for case in cases if case.question.type == name)
            for name in TYPES
        },
        "rows": rows,
        "against": against,
    }


def paired(mine: ArrayLike, its: ArrayLike) -> dict[str, float]:
    """The mean difference of two lists of verdicts on the same cases, with its 95 % interval.

    The interval is that of a paired z-test: 1.96 standard errors of the differences' mean.
    """
    differences = np.asarray(mine, float) - np.asarray(its, float)
    mean, half = differences.mean(), 1.96 * differences.std(ddof=1) / len(differences) ** 0.5
    return {"difference": float(mean), "low": float(mean - half), "high": float(mean + half)}


def _digest(cases) -> str:
    return hashlib.sha256("".join(sorted(case.digest() for case in cases)).encode()).hexdigest()


def render(figures: dict, minutes: dict[str, int]) -> str:
    """The model card as Markdown, from measured figures alone."""
    names = ("all", *TYPES)
    table = ["| | tokens kept | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    for row in figures["rows"]:
        values = " | ".join(_percent(row.get(name)) for name in names)
        table.append(f"| {row['name']} | {row['kept']} | {values} |")
    yes_no = ["| | " + " | ".join(TYPES) + " |", "|---|" + "---|" * len(TYPES)]
    for row in figures["rows"][:3]:
        values = " | ".join(_percent(row.get(f"{name} yes/no")) for name in TYPES)
        yes_no.append(f"| {row['name']} | {values} |")
    took = ", ".join(f"{name} {value} min" for name, value in minutes.items())
    return CARD.format(
        parameters=f"{figures['parameters'] / 1e6:.2f} million",
        cases=figures["cases"],
        seed=figures["seed"],
        digest=figures["digest_of_cases"][:16],
        share=f"1/{round(1 / HELD_OUT_SHARE)}",
        versions=", ".join(f"{k} {v}" for k, v in figures["versions"].items()),
        table="\n".join(table),
        yes_no="\n".join(yes_no),
        took=took,
        yes_no_counts=", ".join(f"{name} {count}" for name, count in figures["yes_no"].items()),
        comparisons=len(figures["against"]),
        verdict=_verdict(figures["against"]),
    )


def _percent(share: float | None) -> str:
    """A share as it stands in the card; few cases may hold none of a kind."""
    return "–" if share is None else f"{share:.1%}".replace("%", " %")


def _verdict(against: list[dict]) -> str:
    """What the table says about each head against the controls at its budget, in words."""
    lines: dict[str, list[str]] = {}
    for each in against:
        sign = "above" if each["low"] > 0 else "below" if each["high"] < 0 else "no different from"
        bounds = ", ".join(f"{100 * each[end]:+.1f}" for end in ("low", "high"))
        lines.setdefault(f"- `{each['head']}` at {each['kept']}", []).append(
            f"{sign} {each['control']} ({100 * each['difference']:+.1f} points, {bounds})"
        )
    return "\n".join(f"{head}: {'; '.join(said)}." for head, said in lines.items())


CARD = """\
---
license: apache-2.0
library_name: transformers
pipeline_tag: image-text-to-text
tags: [qwen3_vl, synthetic, vlmscope]
---

# The small Qwen3-VL that ships with vlmscope

A `Qwen3VLForConditionalGeneration` of {parameters} parameters, trained from random weights on
synthetic scenes by the recipe in `backend/training` (`make train`), so that comparing variants means
something with no download and no GPU. It knows the scenes it was trained on and nothing else: on a
photograph its answers mean nothing.

- **Images**: 60 to 120 image tokens of 32×32 pixels (native 320×320: 10×10). Coloured shapes, letters,
  a tag with small print, on plain, striped, dotted or checked ground, among speckle and strokes.
- **Questions**, each type also as yes/no: *specific* (colour, shape, place, letter), *vague* (describe,
  background), *detail* (the digit or word on the tag), *counting* (shapes, of a kind, of a colour).
- **ARR-COC heads** in `checkpoints/`: the reference architecture (djwar42/arr-coc-0-1) with this base's
  hidden size, 192, trained through the frozen base on training scenes alone: the gradient of the
  answers' loss by each token's presence, under random choices of tokens, says what a token is worth,
  and the head learns to rank tokens so. `influence` has an early and a late checkpoint of one run;
  `blind` is another run whose balancer leaves out the participatory score, the only one that looks at
  the question, so that mostly the Sobel magnitude is left. A file's metadata holds its steps, settings
  and what it scored on other scenes, the validation set.
- **A LoRA adapter** in `checkpoints/few-tokens`, saved by PEFT: on the linear layers of the language
  model, trained over the frozen base on training scenes of which 8 % to 40 % of the image tokens stay,
  dropped as in the base's own training.
- **Dropping** is done after the vision tower, whose tokens have all seen the whole picture. So a choice
  that drops the tokens of a thing can still be answered from its neighbours, and random and uniform
  selection score higher than the picture of what they keep suggests.

## Measured on held-out cases

{cases} questions (a quarter of each type, seed {seed}, digest {digest}), one for each scene. Whether a
scene may be trained on is decided by a hash of all that is drawn: {share} of all scenes are held out and
training draws again when it meets one, so no held-out scene and question occurs in training. Exact match
of the greedy answer, float32, {versions}. Weights ship in float16; what
ships is what was measured.

{table}

Their yes/no forms alone ({yes_no_counts}):

{yes_no}

What that says, in points of exact answers with the 95 % interval of the paired difference (*random* is
the mean of its seeds; *no different* means that this many cases cannot tell; the intervals are not
corrected for being {comparisons}, so of those that just miss zero one may be chance):

{verdict}

Random selection differs for every case; uniform is a regular lattice; *Sobel magnitude alone* is
ARR-COC's perspectival score without the rest. *Most frequent answer* gives each type's commonest
answer, and to a yes/no question the commoner of the two.

## Training

Wall time on two CPU cores that other work shared: {took}.
Logs: `backend/training/logs`. Stages: the vision tower on small crops (what each token shows), whole
scenes with several questions an image, then the hard types with image tokens dropped in a third of the
steps: evenly at random, in patches, or with a liking for contrast, since a base that has only met even
dropping cannot bear a compressor's choice. `relaxed.jsonl` is a try that failed and is not in the
recipe: trained on under its own hard choice with a relaxed gradient, a head fell from 95.5 % to 79 %
of its validation questions at half of the tokens.
"""
