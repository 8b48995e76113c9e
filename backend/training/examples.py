"""The example images and questions that ship: held-out scenes, chosen by what they show alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from .questions import sample_questions
from .scenes import SHAPES, Scene, draw, is_held_out, sample_scene

GRIDS = ((10, 10), (10, 10), (8, 12), (10, 10), (10, 10), (11, 9))


def _telling(scene: Scene) -> bool:
    kinds = [item.kind for item in scene.items]
    shapes = [item for item in scene.items if item.kind in SHAPES]
    return (
        kinds.count("letter") == 1
        and "tag" in kinds
        and 3 <= len(shapes) <= 5
        and "star" in kinds
        and len(scene.strokes) >= 2
        and len(scene.smudges) >= 1
    )


def make_examples(folder: Path, seed: int = 40) -> None:
    """Write `scene-NN.png` and `examples.json`: for each image a question of every type."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, 3])
    listing, textures = [], set()
    for number, grid in enumerate(GRIDS, 1):
        while True:
            scene = sample_scene(rng, grid)
            fresh = scene.texture not in textures or len(textures) == 4
            if fresh and is_held_out(scene) and _telling(scene):
                break
        textures.add(scene.texture)
        name = f"scene-{number:02d}.png"
        Image.fromarray(draw(scene)).save(folder / name, optimize=True)
        # The first question of an image is the one an app fills in: let those differ by type.
        types = ("counting", "specific", "detail", "vague")
        for turn in range(4):
            kind = types[(number - 1 + turn) % 4]
            asked = sample_questions(scene, rng, 12, {k: float(k == kind) or 1e-9 for k in types})
            fit = [q for q in asked if q.type == kind and (not q.yes_no or turn == 2)]
            question = next((q for q in fit if q.form == "describe"), fit[0])
            listing.append(
                {
                    "image": name,
                    "question": question.text,
                    "answer": question.answer,
                    "type": question.type,
                }
            )
    text = json.dumps(listing, indent=2, ensure_ascii=False)
    (folder / "examples.json").write_text(text + "\n", encoding="utf-8")
