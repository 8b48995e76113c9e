"""Figures on held-out cases, for the model card: scenes that no training can have drawn."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase, Qwen3VLForConditionalGeneration

from vlmscope.arr_coc import ArrCoc, texture_array
from vlmscope.values.keep import Keep
from vlmscope.values.selection import lattice, resample, top_k

from .batches import Batch, question_rows
from .packed import Features, answer_logits, exact, query_embedding, see
from .questions import TYPES, Question, sample_questions
from .scenes import GRIDS, Scene, draw, is_held_out, sample_scene

SEED = 9
RANDOM_SEEDS = (0, 1, 2)
BUDGETS = (0.5, 0.25)
GREY = 215  # of the blank image


@dataclass(frozen=True)
class Case:
    """One held-out scene with one question."""

    scene: Scene
    question: Question

    def digest(self) -> str:
        """A hash of what is drawn and asked."""
        return hashlib.sha256((self.scene.digest() + self.question.text).encode()).hexdigest()


def held_out_cases(per_type: int = 250, seed: int = SEED) -> list[Case]:
    """`per_type` cases of each type, half of them on the native grid, no scene used twice."""
    rng = np.random.default_rng([seed, 1])
    cases: list[Case] = []
    wanted = dict.fromkeys(TYPES, per_type)
    while any(wanted.values()):
        grid = GRIDS[0] if rng.random() < 0.5 else GRIDS[int(rng.integers(1, len(GRIDS)))]
        scene = sample_scene(rng, grid)
        if not is_held_out(scene):
            continue
        kind = max(wanted, key=lambda name: wanted[name])
        asked = sample_questions(scene, rng, 1, {k: 1.0 * (k == kind) + 1e-9 for k in TYPES})
        if asked and asked[0].type == kind:
            cases.append(Case(scene, asked[0]))
            wanted[kind] -= 1
    return cases


class HeldOut:
    """The cases as the base sees them, and the share of exact answers for any choice of tokens."""

    def __init__(
        self,
        model: Qwen3VLForConditionalGeneration,
        tokenizer: PreTrainedTokenizerBase,
        cases: list[Case],
    ):
        self.model, self.tokenizer, self.cases = model, tokenizer, cases
        self.images = [draw(case.scene) for case in cases]
        self.textures = [texture_array(torch.from_numpy(image)) for image in self.images]
        self._made: list[tuple[list[int], Batch, Features]] = []

    def _groups(self, size: int = 25):
        by_grid: dict[tuple[int, int], list[int]] = defaultdict(list)
        for number, case in enumerate(self.cases):
            by_grid[case.scene.grid].append(number)
        for grid, numbers in by_grid.items():
            for start in range(0, len(numbers), size):
                yield grid, numbers[start : start + size]

    def _batches(self):
        """Once: numbers, rows and features of the cases, 25 of one grid at a time."""
        if not self._made:
            for grid, numbers in self._groups():
                images = torch.from_numpy(np.stack([self.images[n] for n in numbers]))
                rows = question_rows(
                    self.tokenizer,
                    grid,
                    [self.cases[n].question for n in numbers],
                    self.model.config.image_token_id,
                )
                self._made.append((numbers, rows, see(self.model, images)))
        return self._made

    @torch.no_grad()
    def exact(self, keep=None, blank: bool = False) -> list[bool]:
        """For each case, whether the greedy answer is exactly right.

        `keep(number, grid)` gives the flat indices of the image tokens that stay, all when None;
        `blank` shows a grey image instead.
        """
        verdicts = [False] * len(self.cases)
        for numbers, batch, features in self._batches():
            if blank:
                size = self.images[numbers[0]].shape
                features = see(
                    self.model, torch.full((len(numbers), *size), GREY, dtype=torch.uint8)
                )
            kept = None
            if keep is not None:
                chosen = np.stack([np.sort(keep(n, batch.grid)) for n in numbers])
                kept = torch.from_numpy(chosen.astype(np.int64))
            logits, _ = answer_logits(self.model, batch, features, kept)
            for number, row in zip(numbers, exact(batch, logits.argmax(-1)), strict=True):
                verdicts[number] = row[0]
        return verdicts

    def head_keeps(self, head: ArrCoc, share: float):
        """The choice of an ARR-COC head at a share of the tokens, as the engine makes it."""

        def keep(number: int, grid: tuple[int, int]) -> np.ndarray:
            text = self.cases[number].question.text
            query = query_embedding(self.model, self.tokenizer, text)
            scores = head.score_texture(self.textures[number], query)
            tokens = resample(scores.balanced.detach().numpy(), *grid)
            return top_k(tokens, budget(share, grid))

        return keep

    def saliency_keeps(self, share: float):
        """The top K of the Sobel magnitude, ARR-COC's perspectival score by itself."""

        def keep(number: int, grid: tuple[int, int]) -> np.ndarray:
            return top_k(resample(self.textures[number][7].numpy(), *grid), budget(share, grid))

        return keep


def random_keeps(seed: int, share: float):
    """A random choice at a share of the tokens, another for every case."""

    def keep(number: int, grid: tuple[int, int]) -> np.ndarray:
        scores = np.random.default_rng([seed, number]).random(grid[0] * grid[1])
        return top_k(scores, budget(share, grid))

    return keep


def uniform_keeps(share: float):
    """The engine's regular lattice at a share of the tokens."""

    def keep(number: int, grid: tuple[int, int]) -> np.ndarray:
        return lattice(*grid, budget(share, grid))

    return keep


def budget(share: float, grid: tuple[int, int]) -> int:
    """How many of a grid's tokens a share of them is, as the engine counts."""
    return Keep(share=Fraction(share)).of(grid[0] * grid[1])


def by_type(cases: list[Case], verdicts: list[bool]) -> dict[str, float]:
    """Share of right verdicts: in all, for each type, and for each type's yes/no forms."""
    sums: dict[str, list[bool]] = defaultdict(list)
    for case, verdict in zip(cases, verdicts, strict=True):
        sums["all"].append(verdict)
        sums[case.question.type].append(verdict)
        if case.question.yes_no:
            sums[f"{case.question.type} yes/no"].append(verdict)
    return {name: sum(values) / len(values) for name, values in sorted(sums.items())}


def most_frequent(cases: list[Case]) -> list[bool]:
    """Whether each case's answer is the commonest of its type, and of the yes/no form where it is one."""
    groups = [(case.question.type, case.question.yes_no) for case in cases]
    counts: dict[tuple[str, bool], Counter] = defaultdict(Counter)
    for group, case in zip(groups, cases, strict=True):
        counts[group][case.question.answer] += 1
    common = {group: counter.most_common(1)[0][0] for group, counter in counts.items()}
    return [
        case.question.answer == common[group] for group, case in zip(groups, cases, strict=True)
    ]


def load_base(folder: Path):
    """The shipped base and its tokenizer, in float32 as the engine loads them on a CPU."""
    from transformers import AutoTokenizer

    model = Qwen3VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    return model.eval(), AutoTokenizer.from_pretrained(folder)
