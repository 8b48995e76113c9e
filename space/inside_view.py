"""The internals of an ARR-COC variant as values of the grid and as a table."""

from collections.abc import Sequence
from html import escape

import numpy as np

from gradio_comparisongrid import Cell, Comparison, Layer, Metric, Tokens
from titles import heading
from vlmscope import Internals, RunImage, TokenMap

WEIGHT = Metric("weight", "Weight", digits=3, help="What the score is multiplied with.")
SHARED = Metric(
    "shared",
    "Kept for both",
    unit="%",
    digits=0,
    help="Share of the tokens kept for the asked question that are kept for this one too.",
)
JACCARD = Metric(
    "jaccard",
    "Jaccard",
    digits=2,
    help="Tokens kept for both questions over tokens kept for either: 1 is the same selection.",
)


def scores(inside: Internals, image: RunImage) -> Comparison:
    """The balanced score and the three that it is made of, each with its weight."""
    maps = [inside.balanced, inside.information, inside.perspectival, inside.participatory]
    cells = [_cell(inside, each.key, each.label, each) for each in maps]
    for cell in cells:
        if cell.id in inside.weights:
            cell.metrics["weight"] = inside.weights[cell.id]
    return _comparison(inside, image, cells, [WEIGHT])


def texture(inside: Internals, image: RunImage) -> Comparison:
    """The texture channels that the scores are computed from."""
    cells = [
        # Whole: of what is dropped, one sees why.
        Cell(name, name, status="done", layers=[_layer(values, "ARR-COC texture array")])
        for name, values in zip(inside.channel_names, inside.channels, strict=True)
    ]
    return _comparison(inside, image, cells, [])


def questions(inside: Internals, image: RunImage) -> Comparison:
    """What is kept for the asked question and for the others, with what they have in common."""
    asked = _cell(inside, "asked", inside.query, inside.balanced)
    others = [
        Cell(
            f"other-{number}",
            other.query,
            status="done",
            tokens=Tokens.from_mask(other.kept),
            metrics={"shared": 100 * other.shared, "jaccard": other.jaccard},
        )
        for number, other in enumerate(inside.others, start=1)
    ]
    return _comparison(inside, image, [asked, *others], [SHARED, JACCARD])


def told(inside: Internals) -> str:
    """The weights, and how much the selection changes with the question, as HTML."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{weight:.3f}</td>'
        f"<td>{inside.head_weights[name]:.3f}</td></tr>"
        for name, weight in inside.weights.items()
    )
    warnings = "".join(f'<p class="problem">{escape(each)}</p>' for each in inside.warnings)
    return (
        '<div class="figures"><table aria-label="Weights"><thead><tr><th>Score</th>'
        "<td>weight used</td><td>the head's own</td></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
        f'<p class="note">{escape(_overlap(inside))}</p>{warnings}'
    )


def _overlap(inside: Internals) -> str:
    kept, total = int(inside.kept.sum()), inside.kept.size
    if inside.mean_jaccard is None:
        return (
            f"{kept} of {total} image tokens are kept; there is no other question to compare with."
        )
    count = len(inside.others)
    shared = 100 * float(np.mean([other.shared for other in inside.others]))
    return (
        f"Of the {kept} of {total} image tokens kept for this question, {shared:.0f} % are kept for "
        f"{count} other {'question' if count == 1 else 'questions'} too, on average: Jaccard "
        f"{inside.mean_jaccard:.2f}, where two random selections of as many have "
        f"{inside.chance_jaccard:.2f} and one that never hears the question 1."
    )


def _cell(inside: Internals, id: str, title: str, shown: TokenMap) -> Cell:
    return Cell(
        id,
        title,
        status="done",
        layers=[_layer(shown.values, shown.method)],
        tokens=Tokens.from_mask(inside.kept),
        metrics={},
    )


def _layer(values: np.ndarray, method: str) -> Layer:
    # One key for all of them, so that the grid draws every cell's own.
    return Layer.from_array("score", values, label="Score", method=method)


def _comparison(
    inside: Internals, image: RunImage, cells: Sequence[Cell], metrics: Sequence[Metric]
) -> Comparison:
    return Comparison(
        image=image.pixels,
        query=inside.query,
        cells=list(cells),
        metrics=list(metrics),
        stamp={"variant": heading(inside.variant)},
    )
