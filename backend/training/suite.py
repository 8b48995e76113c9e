"""The suite that ships: held-out scenes with a question of each type, and the right answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from .questions import TYPES, Question, sample_questions
from .scenes import GRIDS, Scene, draw, is_held_out, sample_scene

EACH = 3  # questions about an image


def make_suite(folder: Path, per_type: int = 25, seed: int = 41) -> Path:
    """Write `held_out_N.json`, N cases, `per_type` of each type, and the scenes in `images/`.

    Half of the scenes are on the native grid. One in four has no tag, so that whether there is one can
    be asked; the others have small print to be read. Gives the file.
    """
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, 4])
    wanted: dict[str, int] = dict.fromkeys(TYPES, per_type)
    cases = []
    for number in range(1, 1 + 4 * per_type):
        kinds = [kind for kind in TYPES if wanted[kind]]
        if not kinds:
            break
        has_tag = number % 4 != 0 or kinds == ["detail"]
        scene = _scene(rng, has_tag)
        # The types that most is wanted of, at most one question of each.
        kinds = sorted((k for k in kinds if has_tag or k != "detail"), key=lambda k: -wanted[k])
        name = f"images/scene-{number:02d}.png"
        Image.fromarray(draw(scene)).save(folder / name, optimize=True)
        for kind in kinds[:EACH]:
            wanted[kind] -= 1
            question = _question(scene, rng, kind)
            cases.append(
                {
                    "id": f"{kind}-{per_type - wanted[kind]:02d}",
                    "type": kind,
                    "image": name,
                    "query": question.text,
                    "expected": question.answer,
                }
            )
    file = folder / f"held_out_{len(cases)}.json"
    text = json.dumps(cases, indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")
    return file


def _scene(rng: np.random.Generator, has_tag: bool) -> Scene:
    """A held-out scene with or without a tag."""
    while True:
        grid = GRIDS[0] if rng.random() < 0.5 else GRIDS[int(rng.integers(1, len(GRIDS)))]
        scene = sample_scene(rng, grid)
        if is_held_out(scene) and any(item.kind == "tag" for item in scene.items) == has_tag:
            return scene


def _question(scene: Scene, rng: np.random.Generator, kind: str) -> Question:
    """A question of a type that the scene has an answer to."""
    while True:
        asked = sample_questions(scene, rng, 1, {k: 1.0 * (k == kind) + 1e-9 for k in TYPES})
        if asked[0].type == kind:
            return asked[0]
