"""Batches made from seeds: any step of any stage can be made again, alone and in any order.

A batch packs one image and several questions into one row: the image first, then a block for each
question that sees the image and itself, at the positions it would have alone. The arithmetic is that
of separate rows, at a third of the cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset
from transformers import PreTrainedTokenizerBase

from .questions import Question, sample_questions
from .scenes import (
    COLOURS,
    DIGITS,
    GRIDS,
    LETTERS,
    SHAPES,
    TEXTURES,
    TOKEN,
    WORDS,
    Scene,
    draw,
    is_held_out,
    sample_crop,
    sample_scene,
)

IGNORE = -100
SMALLEST = min(GRIDS, key=lambda grid: grid[0] * grid[1])
WHATS = ("none", *SHAPES, *(f"letter {t}" for t in LETTERS), *(f"tag {t}" for t in DIGITS + WORDS))
_COLOURS = ("none", *COLOURS)


@dataclass
class Batch:
    """One step's data; T image tokens, S tokens a row, B rows."""

    images: torch.Tensor  # uint8 [B, H, W, 3]
    grid: tuple[int, int]
    what: torch.Tensor  # int64 [B, T], index into WHATS or IGNORE
    colour: torch.Tensor  # int64 [B, T]
    centre: torch.Tensor  # float32 [B, T]
    ground: torch.Tensor  # int64 [B]
    ids: torch.Tensor | None = None  # int64 [B, S], image tokens as their pad id
    labels: torch.Tensor | None = None  # int64 [B, S], the next token where it is an answer's
    positions: torch.Tensor | None = None  # int64 [3, B, S]
    blocks: torch.Tensor | None = None  # int64 [B, S]: 0 what all see, k a question, -1 padding
    asked: list[list[Question]] | None = None  # the questions of each row
    first_image: int = 0  # index of the first image token in a row


def token_targets(scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each image token shows: index into WHATS, colour, and 1 where a thing's centre lies.

    Tokens that a thing only grazes are `IGNORE`. Arrays [T], row by row.
    """
    rows, cols = scene.grid
    what, colour = np.zeros((rows, cols), np.int64), np.zeros((rows, cols), np.int64)
    centre, best = np.zeros((rows, cols), np.float32), np.zeros((rows, cols))
    for item in scene.items:
        name = item.kind if item.kind in SHAPES else f"{item.kind} {item.text}"
        y0, y1 = item.y - item.height / 2, item.y + item.height / 2
        x0, x1 = item.x - item.width / 2, item.x + item.width / 2
        r, c = np.arange(rows) * TOKEN, np.arange(cols) * TOKEN
        overlap = np.outer(
            np.clip(np.minimum(r + TOKEN, y1) - np.maximum(r, y0), 0, None),
            np.clip(np.minimum(c + TOKEN, x1) - np.maximum(c, x0), 0, None),
        )
        enough = overlap >= 0.3 * min(TOKEN * TOKEN, item.width * item.height)
        middle = (item.y // TOKEN, item.x // TOKEN)
        enough[middle] = True
        mine, grazed = enough & (overlap > best), (overlap > 0) & ~enough & (best == 0)
        what[grazed] = colour[grazed] = IGNORE
        what[mine] = WHATS.index(name)
        colour[mine] = _COLOURS.index(item.colour or "none")
        best[mine] = overlap[mine]
        centre[middle] = 1
    return what.ravel(), colour.ravel(), centre.ravel()


def vary_text(text: str, rng: np.random.Generator) -> str:
    """Now and then as people type it: in lower case, without the mark, spelt the American way."""
    if rng.random() < 0.1:
        text = text.replace("colour", "color")
    if rng.random() < 0.1:
        text = text[0].lower() + text[1:]
    if rng.random() < 0.1:
        text = text.rstrip("?.")
    return text


def prompt_parts(tokenizer: PreTrainedTokenizerBase, question: str) -> tuple[list[int], list[int]]:
    """Token ids before the image's tokens, and after them up to where the answer starts."""
    content = [{"type": "image"}, {"type": "text", "text": question}]
    messages: Any = [{"role": "user", "content": content}]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    assert isinstance(text, str)
    before, after = text.split("<|image_pad|>")
    return tokenizer.encode(before), tokenizer.encode(after)


def image_positions(grid: tuple[int, int], start: int) -> np.ndarray:
    """Temporal, row and column positions of an image's tokens, the first at `start`: int64 [3, T]."""
    rows, cols = grid
    r, c = np.divmod(np.arange(rows * cols), cols)
    return np.stack([np.zeros_like(r), r, c]) + start


def pack_row(
    tokenizer: PreTrainedTokenizerBase,
    grid: tuple[int, int],
    asked: list[Question],
    image_token: int,
):
    """One image's row: ids [S], labels [S], positions [3, S], blocks [S], the first image token."""
    tokens = grid[0] * grid[1]
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    before, _ = prompt_parts(tokenizer, "?")
    first = len(before)
    ids, labels = before + [image_token] * tokens, [IGNORE] * (first + tokens)
    start = first + max(grid)
    ahead = np.arange(first)
    positions = [np.stack([ahead] * 3), image_positions(grid, first)]
    blocks = [0] * len(ids)
    for number, question in enumerate(asked, 1):
        _, after = prompt_parts(tokenizer, question.text)
        answer = [*tokenizer.encode(question.answer), end]
        ids += after + answer[:-1]
        labels += [IGNORE] * (len(after) - 1) + answer
        count = len(after) + len(answer) - 1
        blocks += [number] * count
        positions.append(np.stack([np.arange(start, start + count)] * 3))
    return ids, labels, np.concatenate(positions, 1), blocks, first


def pack(
    tokenizer: PreTrainedTokenizerBase,
    grid: tuple[int, int],
    rows: list[list[Question]],
    image_token: int,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, int]:
    """Rows of questions, padded to one length: ids, labels, positions, blocks, first image token."""
    packed = [pack_row(tokenizer, grid, asked, image_token) for asked in rows]
    longest = max(len(row[0]) for row in packed)
    ids = np.full((len(rows), longest), tokenizer.pad_token_id, np.int64)
    labels = np.full((len(rows), longest), IGNORE, np.int64)
    blocks = np.full((len(rows), longest), -1, np.int64)
    positions = np.zeros((3, len(rows), longest), np.int64)
    for n, (row_ids, row_labels, row_positions, row_blocks, _) in enumerate(packed):
        size = len(row_ids)
        ids[n, :size], labels[n, :size], blocks[n, :size] = row_ids, row_labels, row_blocks
        positions[:, n, :size] = row_positions
    made = [torch.from_numpy(array) for array in (ids, labels, positions, blocks)]
    return made[0], made[1], made[2], made[3], packed[0][4]


def question_rows(
    tokenizer: PreTrainedTokenizerBase,
    grid: tuple[int, int],
    questions: list[Question],
    image_token: int,
) -> Batch:
    """One question a row, as a user asks it; the pictures are not in it."""
    rows = [[question] for question in questions]
    ids, labels, positions, blocks, first = pack(tokenizer, grid, rows, image_token)
    none = torch.zeros(0)
    return Batch(none, grid, none, none, none, none, ids, labels, positions, blocks, rows, first)


def training_scene(rng: np.random.Generator, sample, **options) -> Scene:
    """A scene that may be trained on: one of the held-out set is drawn again."""
    while is_held_out(scene := sample(rng, **options)):
        pass
    return scene


def make_batch(
    stage: str,
    seed: int,
    step: int,
    size: int,
    tokenizer,
    image_token: int,
    questions: int,
    weights=None,
    part: int = 0,
) -> Batch:
    """The batch of one step of a stage: always the same for the same arguments.

    Parts of a step differ in their scenes and share the grid, so that they cost the same.
    """
    key = [seed, step, sum(map(ord, stage))]
    rng = np.random.default_rng(key)
    # First the smallest grid, where a step costs least, then the native one, half of the time.
    favoured = SMALLEST if stage == "scenes" else GRIDS[0]
    grid = favoured if rng.random() < 0.5 else GRIDS[int(rng.integers(len(GRIDS)))]
    rng = np.random.default_rng([*key, part])
    if stage == "crops":
        scenes = [training_scene(rng, sample_crop) for _ in range(size)]
    else:
        scenes = [training_scene(rng, sample_scene, grid=grid) for _ in range(size)]
    targets = [token_targets(scene) for scene in scenes]
    batch = Batch(
        images=torch.from_numpy(np.stack([draw(scene) for scene in scenes])),
        grid=scenes[0].grid,
        what=torch.from_numpy(np.stack([t[0] for t in targets])),
        colour=torch.from_numpy(np.stack([t[1] for t in targets])),
        centre=torch.from_numpy(np.stack([t[2] for t in targets])),
        ground=torch.tensor([TEXTURES.index(scene.texture) for scene in scenes]),
    )
    if stage != "crops":
        rows = []
        for scene in scenes:
            asked = sample_questions(scene, rng, questions, weights)
            rows.append(
                [
                    Question(q.type, q.form, vary_text(q.text, rng), q.answer, q.yes_no)
                    for q in asked
                ]
            )
        batch.ids, batch.labels, batch.positions, batch.blocks, batch.first_image = pack(
            tokenizer, batch.grid, rows, image_token
        )
        batch.asked = rows
    return batch


class _Steps(IterableDataset):
    def __init__(self, first: int, last: int, options: dict):
        self.first, self.last, self.options = first, last, options

    def __iter__(self) -> Iterator[Batch]:
        for step in range(self.first, self.last):
            yield make_batch(step=step, **self.options)


def stream(first: int, last: int, **options) -> Iterator[Batch]:
    """Batches of the steps from `first` up to `last`, made ahead in one process beside the training."""
    loader = DataLoader(
        _Steps(first, last, options), batch_size=None, num_workers=1, prefetch_factor=4
    )
    yield from loader
