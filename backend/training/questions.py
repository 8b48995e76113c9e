"""Questions about a scene, of the four types by which compression is judged, each also as yes/no.

*specific* asks for a thing's colour, shape or place; *vague* for the whole picture; *detail* for small
print; *counting* for a number. Every question has one right answer that the scene decides.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from .scenes import COLOURS, DIGITS, LETTERS, SHAPES, TEXTURES, WORDS, Scene

TYPES = ("specific", "vague", "detail", "counting")
GROUNDS = {"plain": "plain", "stripes": "striped", "dots": "dotted", "checks": "checked"}


@dataclass(frozen=True)
class Question:
    """A question, its answer, its type and whether it is a yes/no form."""

    type: str
    form: str
    text: str
    answer: str
    yes_no: bool = False


def zone(scene: Scene, x: int, y: int) -> str | None:
    """The ninth of the picture a point lies in, or None so near a border that people would differ."""

    def third(value, size, names):
        share = value / size
        for low, high, name in zip((0, 0.38, 0.7), (0.3, 0.62, 1.01), names, strict=True):
            if low <= share < high:
                return name
        return None

    across = third(x, scene.width, ("left", "centre", "right"))
    down = third(y, scene.height, ("top", "centre", "bottom"))
    if across is None or down is None:
        return None
    if across == down:
        return "centre"
    return " ".join(part for part in (down, across) if part != "centre")


def _article(name: str) -> str:
    return ("an " if name[0] in "aeio" else "a ") + name


def describe(scene: Scene) -> str:
    """The picture in one line: shapes in a fixed order, letters, the tag, the ground."""
    shapes = [i for i in scene.items if i.kind in SHAPES]
    order = tuple(COLOURS)
    shapes.sort(key=lambda i: (SHAPES.index(i.kind), order.index(i.colour)))
    parts = [f"{i.colour} {i.kind}" for i in shapes]
    parts += [
        f"letter {i.text}" for i in sorted(scene.items, key=lambda i: i.text) if i.kind == "letter"
    ]
    parts += ["tag" for i in scene.items if i.kind == "tag"]
    return ", ".join(parts) + f" on {_ground_word(scene)} ground"


def _ground_word(scene: Scene) -> str:
    return GROUNDS[scene.texture]


def _specific(scene: Scene, rng) -> list[Question]:
    shapes = [i for i in scene.items if i.kind in SHAPES]
    letters = [i for i in scene.items if i.kind == "letter"]
    by_shape, by_colour = Counter(i.kind for i in shapes), Counter(i.colour for i in shapes)
    found = []

    def ask(form, text, answer, yes_no=False):
        found.append(Question("specific", form, text, answer, yes_no))

    for item in shapes:
        if by_shape[item.kind] == 1:
            ask("colour", f"What colour is the {item.kind}?", item.colour)
            if place := zone(scene, item.x, item.y):
                ask("where", f"Where is the {item.kind}?", place)
            other = str(rng.choice([c for c in COLOURS if c != item.colour]))
            colour, answer = (item.colour, "yes") if rng.random() < 0.5 else (other, "no")
            ask("colour yes/no", f"Is the {item.kind} {colour}?", answer, True)
        if by_colour[item.colour] == 1:
            ask("shape", f"What shape is {item.colour}?", item.kind)
    for item in letters:
        if place := zone(scene, item.x, item.y):
            ask("where letter", f"Where is the letter {item.text}?", place)
    if len(letters) == 1:
        ask("letter", "Which letter is in the image?", letters[0].text)
    absent = [s for s in SHAPES if not by_shape[s]]
    present = [s for s in SHAPES if by_shape[s]]
    if absent and present:
        name, answer = (present, "yes") if rng.random() < 0.5 else (absent, "no")
        ask("present yes/no", f"Is there {_article(str(rng.choice(name)))}?", answer, True)
    if letters:
        held = [i.text for i in letters]
        if rng.random() < 0.5:
            ask("letter yes/no", f"Is the letter {rng.choice(held)} in the image?", "yes", True)
        else:
            other = str(rng.choice([c for c in LETTERS if c not in held]))
            ask("letter yes/no", f"Is the letter {other} in the image?", "no", True)
    return found


def _vague(scene: Scene, rng) -> list[Question]:
    found = []
    if len(scene.items) <= 5:
        found.append(Question("vague", "describe", "Describe the image.", describe(scene)))
    found.append(Question("vague", "ground", "What is the background like?", _ground_word(scene)))
    if rng.random() < 0.5:
        name, answer = _ground_word(scene), "yes"
    else:
        other = str(rng.choice([t for t in TEXTURES if t != scene.texture]))
        name, answer = GROUNDS[other], "no"
    found.append(Question("vague", "ground yes/no", f"Is the background {name}?", answer, True))
    kinds = {i.kind for i in scene.items}
    if rng.random() < 0.5:
        answer = "yes" if "letter" in kinds else "no"
        found.append(
            Question("vague", "letters yes/no", "Does the image show letters?", answer, True)
        )
    else:
        answer = "yes" if "tag" in kinds else "no"
        found.append(Question("vague", "tag yes/no", "Does the image show a tag?", answer, True))
    return found


def _detail(scene: Scene, rng) -> list[Question]:
    tags = [i for i in scene.items if i.kind == "tag"]
    if len(tags) != 1:
        return []
    text = tags[0].text
    found = [Question("detail", "read", "What does the tag say?", text)]
    if text in DIGITS:
        found.append(Question("detail", "digit", "What digit is on the tag?", text))
    else:
        found.append(Question("detail", "word", "What word is on the tag?", text))
    others = DIGITS if text in DIGITS else WORDS
    other = str(rng.choice([o for o in others if o != text]))
    said, answer = (text, "yes") if rng.random() < 0.5 else (other, "no")
    found.append(Question("detail", "read yes/no", f"Does the tag say {said}?", answer, True))
    kind, answer = ("digit", text in DIGITS) if rng.random() < 0.5 else ("word", text in WORDS)
    found.append(
        Question(
            "detail",
            "kind yes/no",
            f"Is there a {kind} on the tag?",
            "yes" if answer else "no",
            True,
        )
    )
    return found


def _counting(scene: Scene, rng) -> list[Question]:
    shapes = [i for i in scene.items if i.kind in SHAPES]
    by_shape, by_colour = Counter(i.kind for i in shapes), Counter(i.colour for i in shapes)
    found = []

    def ask(form, text, answer, yes_no=False):
        found.append(Question("counting", form, text, answer, yes_no))

    ask("all", "How many shapes are there?", str(len(shapes)))
    # The most frequent kind, and any other: zero must not become the safe answer.
    for counts, names, form in ((by_shape, SHAPES, "kind"), (by_colour, tuple(COLOURS), "colour")):
        most = counts.most_common(1)[0][0] if counts else str(rng.choice(names))
        pick = most if rng.random() < 0.6 else str(rng.choice(names))
        noun = f"{pick}s" if form == "kind" else f"{pick} shapes"
        noun = noun.replace("crosss", "crosses")
        ask(form, f"How many {noun} are there?", str(counts[pick]))
        if rng.random() < 0.5:
            said, answer = counts[pick], "yes"
        else:
            near = [n for n in (counts[pick] - 1, counts[pick] + 1) if n >= 0]
            said, answer = int(rng.choice(near)), "no"
        single = noun.removesuffix("es") if noun == "crosses" else noun.removesuffix("s")
        if said == 1:
            ask(f"{form} yes/no", f"Is there exactly 1 {single}?", answer, True)
        else:
            ask(f"{form} yes/no", f"Are there exactly {said} {noun}?", answer, True)
    return found


_MAKERS = {"specific": _specific, "vague": _vague, "detail": _detail, "counting": _counting}


def sample_questions(
    scene: Scene, rng: np.random.Generator, count: int, weights: dict[str, float] | None = None
) -> list[Question]:
    """Up to `count` different questions, two in five of them yes/no.

    Types, and within a type the forms, are drawn by `weights`; what it does not name weighs 1.
    """
    weights = weights or {}
    pools = {kind: make(scene, rng) for kind, make in _MAKERS.items()}
    chosen: list[Question] = []
    for _ in range(count):
        kinds = [kind for kind, pool in pools.items() if pool]
        if not kinds:
            break
        kind = _draw(rng, kinds, weights)
        pool = [q for q in pools[kind] if q.yes_no == (rng.random() < 0.4)] or pools[kind]
        # The form first: one letter among six shapes is asked about as often as each of them else.
        form = _draw(rng, sorted({q.form for q in pool}), weights)
        pool = [q for q in pool if q.form == form]
        question = pool[int(rng.integers(len(pool)))]
        pools[kind].remove(question)
        chosen.append(question)
    return chosen


def _draw(rng: np.random.Generator, names: list[str], weights: dict[str, float]) -> str:
    share = np.asarray([weights.get(name, 1.0) for name in names])
    return names[int(rng.choice(len(names), p=share / share.sum()))]
