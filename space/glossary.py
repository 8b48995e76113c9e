"""What the words on the Compare tab mean, in a sentence each."""

from html import escape

from vlmscope import METRICS

WORDS = {
    "Image token": (
        "A square of the picture, 32 pixels wide where it is not rescaled, as the language model gets it: "
        "one vector among those of the words. What a variant drops, the language model never reads."
    ),
    "Budget": "How many of the image tokens a variant may keep. The baseline keeps all.",
    "Baseline": "The base as it is. The other variants are the same base with fewer tokens or an adapter.",
    "ARR-COC": (
        "A small trained head that scores every token by three measures (information, perspectival, "
        "participatory) and keeps the best for the question."
    ),
    "LoRA": "A small trained change to the weights of the base.",
    "Control": (
        "A way to choose tokens that knows nothing of the question, such as chance or a lattice. A trained "
        "head should beat it at the same budget."
    ),
    "Relevance": "The scores by which a variant chose its tokens, on the picture.",
    "Attention": "How much the language model looked at each token as it began its answer.",
    "Expected": (
        "The right answer, where it is known. An answer is judged by rules, not by a model; the tab Batch "
        "says by which."
    ),
    "Kept in common, IoU": (
        "Tokens that a variant and the reference both keep, over those that either keeps: 100 % is the same "
        "selection."
    ),
    "Maps alike, rank ρ": "Spearman's correlation of two maps: 1 is the same order of tokens, 0 none.",
    "Measure": (
        "Runs each variant by itself, several times, after a warm-up: seconds that may be compared. Those of "
        "Compare come from one run in which the variants take turns."
    ),
}


def glossary() -> str:
    """The words and the figures with their meaning, as HTML."""
    figures = {f"{m.label}{', ' + m.unit if m.unit else ''}": m.help for m in METRICS if m.help}
    rows = "".join(
        f"<dt>{escape(word)}</dt><dd>{escape(meaning)}</dd>"
        for word, meaning in (WORDS | figures).items()
    )
    return f'<dl class="glossary">{rows}</dl>'
