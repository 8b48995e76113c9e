"""Comparisons that show one thing each: made-up answers and seconds, honest maps and tokens."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from picture import (  # pyright: ignore[reportMissingImports] (it lies beside this file)
    COLS,
    ROWS,
    best,
    colourfulness,
    draw_picture,
    edges,
    pooled,
    redness,
)
from words import words_of  # pyright: ignore[reportMissingImports]

from gradio_comparisongrid import Cell, Comparison, Layer, Measured, Metric, Tokens

PICTURE = draw_picture()
EDGES, COLOUR, RED = edges(PICTURE), colourfulness(PICTURE), redness(PICTURE)
METRICS = [
    Metric("image_tokens", "image tokens", better="lower", digits=0),
    Metric(
        "total_s", "total", unit="s", better="lower", digits=2, help="Invented, with its spread"
    ),
    Metric("confidence", "confidence", unit="%", better="higher", digits=0),
]


def layers(own: np.ndarray) -> list[Layer]:
    """The score that chose the tokens, then every map, the same in each cell."""
    return [
        Layer.from_array("score", own, label="score", method="what this cell keeps tokens by"),
        Layer.from_array("edges", EDGES, label="edges", unit="levels/px"),
        Layer.from_array("red", RED, label="redness", diverging=True),
    ]


def chosen_by(
    id: str, title: str, scores: np.ndarray, keep: int, answer: str, correct: bool | None
) -> Cell:
    """A finished cell that keeps the `keep` best tokens by `scores`, scaled to 0 to 1."""
    span = scores.max() - scores.min()
    own = (scores - scores.min()) / (span or 1)
    total = 0.17 + 0.0022 * keep
    return Cell(
        id,
        title,
        subtitle=f"keep {keep} of {ROWS * COLS}",
        answer=answer,
        correct=correct,
        metrics={
            "image_tokens": keep,
            "total_s": Measured(total, low=0.94 * total, high=1.08 * total, n=5),
            "confidence": 96 if correct else 41,
        },
        layers=layers(own),
        tokens=Tokens.from_mask(best(own, keep)),
        words=words_of(answer, PICTURE),
    )


def merged() -> Cell:
    """A cell whose tokens are merged two by two: none is lost, a quarter is left."""
    own = EDGES**0.5 / (EDGES**0.5).max()
    assign = pooled(own)
    cell = chosen_by("pool", "Pooled 2 × 2", own, 0, "The star is red.", True)
    kept = np.unique(assign).size
    return cell.model_copy(
        update={
            "subtitle": f"{ROWS * COLS} tokens merged into {kept}",
            "tokens": Tokens.from_assignment(assign),
            "metrics": {**cell.metrics, "image_tokens": kept},
        }
    )


def cells() -> list[Cell]:
    """Eight cells: two ways to fail among them."""
    random = np.random.default_rng(3).random((ROWS, COLS))
    centre = -np.hypot(*np.meshgrid(np.linspace(-1, 1, COLS), np.linspace(-1, 1, ROWS)))
    half, quarter, all_of_it = ROWS * COLS // 2, ROWS * COLS // 4, ROWS * COLS
    gaps = np.where(RED > 0, RED, np.nan)
    return [
        # The root spreads the low values: most tokens of the picture have hardly an edge.
        chosen_by("baseline", "Baseline", EDGES**0.5, all_of_it, "The star is red.", True),
        chosen_by("edges", "Edges", EDGES**0.5, half, "The star is red.", True),
        chosen_by("colour", "Colourfulness", COLOUR, half, "The star is red orange.", False),
        chosen_by("random", "Random", random, half, "There is no star.", False),
        merged(),
        chosen_by("centre", "Centre", centre, quarter, "I see the number 27 and a K.", False),
        Cell(
            "gaps",
            "Redness, gaps",
            subtitle="no value where nothing is red",
            answer="Red, as far as one can tell from the tokens that are left.",
            layers=[Layer.from_array("score", gaps, label="score")],
            tokens=Tokens.from_mask(RED > 0),
            metrics={"image_tokens": int((RED > 0).sum())},
            warnings=["Fewer tokens than asked for: the rest has no value."],
        ),
        Cell(
            "broken",
            "Checkpoint 900",
            subtitle="never loads",
            error="checkpoint-900.safetensors lacks the tensor `score.weight`: it fits no known kind.",
        ),
    ]


def comparison(count: int = 4) -> Comparison:
    """The first `count` cells on the picture."""
    return Comparison(
        image=PICTURE,
        query="What colour is the star?",
        expected="red",
        metrics=METRICS,
        cells=cells()[: int(count)],
        stamp={"data": "made up", "picture": "960 × 720"},
    )


def unlike_grids() -> Comparison:
    """Cells whose inputs have other sizes, and so other token grids."""
    found = []
    for share, rows, cols in ((1.0, ROWS, COLS), (0.5, 6, 8), (0.25, 3, 4)):
        size = (int(PICTURE.width * share), int(PICTURE.height * share))
        smaller = PICTURE.resize(size)
        found.append(
            Cell(
                f"{rows}x{cols}",
                f"{rows} × {cols} tokens",
                subtitle=f"input {size[0]} × {size[1]}",
                answer=f"{rows * cols} tokens see this much of the edges.",
                image=smaller,
                layers=[Layer.from_array("edges", edges(smaller, rows, cols), unit="levels/px")],
                tokens=Tokens.from_mask(np.ones((rows, cols), bool)),
            )
        )
    return Comparison(image=PICTURE, query="How much is lost by a smaller input?", cells=found)


def scripts() -> Comparison:
    """Answers in scripts that run or break otherwise, and one that is long."""
    answers = {
        "English": ("The star is red and the circle is blue.", "The star is orange."),
        "العربية": ("النجمة حمراء والدائرة زرقاء.", "النجمة برتقالية والدائرة زرقاء."),
        "中文": ("星星是红色的，圆形是蓝色的。", "星星是橙色的，圆形是蓝色的。"),
        "日本語": ("星は赤く、円は青いです。", "星は橙色で、円は青いです。"),
    }
    found = []
    for name, pair in answers.items():
        for which, answer in zip(("first", "second"), pair, strict=True):
            found.append(Cell(f"{name}-{which}", f"{name}, {which}", answer=answer))
    long = " ".join(f"Sentence {i} says that the star is red 🔴." for i in range(1, 80))
    found.append(Cell("long", "A long one", answer=long))
    return Comparison(image=PICTURE, query="Describe the image.", cells=found)


def growing() -> Comparison:
    """Sixteen cells, which is more than anyone can look at, and still correct."""
    found = [
        chosen_by(f"keep-{keep}", f"Keep {keep}", EDGES**0.5, keep, "The star is red.", None)
        for keep in range(6, 102, 6)
    ]
    return Comparison(image=PICTURE, query="How few are enough?", metrics=METRICS, cells=found)


def large() -> Comparison:
    """Two cells on an image of 9 megapixels, with maps of 64 × 48 tokens."""
    image = PICTURE.resize((3456, 2592))
    found = [
        Cell(name, name.title(), layers=[Layer.from_array("edges", scores, unit="levels/px")])
        for name, scores in (("raw", edges(image, 48, 64)), ("root", edges(image, 48, 64) ** 0.5))
    ]
    return Comparison(image=image, query="How fine is it?", cells=found)


SCENES: dict[str, Callable[[], Comparison]] = {
    "Tokens and words": lambda: comparison(4),
    "Eight cells": lambda: comparison(8),
    "Unlike grids": unlike_grids,
    "Scripts": scripts,
    "Sixteen cells": growing,
    "A large image": large,
}
"""What the demo offers, by name."""
