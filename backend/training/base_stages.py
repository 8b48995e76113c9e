"""The stages that train the base, each resumable to the step it last saved."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from torch import distributed, nn
from torch.multiprocessing.spawn import spawn
from transformers import PreTrainedTokenizerFast, Qwen3VLForConditionalGeneration

from .base_model import new_model
from .batches import make_batch, stream
from .dropping import kept_tokens
from .packed import TowerProbe, answer_logits, exact, see
from .questions import TYPES, sample_questions
from .recipe import Recipe, Stage
from .resumable import SAVE_EVERY, log_line, save_state
from .scenes import sample_scene
from .tokenizer import train_tokenizer


def make_tokenizer(seed: int, scenes: int) -> PreTrainedTokenizerFast:
    """The tokenizer, learned from the questions and answers of training scenes."""
    rng = np.random.default_rng([seed, 77])
    texts: list[str] = []
    for _ in range(scenes):
        scene = sample_scene(rng)
        for question in sample_questions(scene, rng, 9):
            texts += [question.text, question.text.lower(), question.answer]
    return train_tokenizer(texts)


def _optimisers(model: Qwen3VLForConditionalGeneration, probe: nn.Module):
    """Muon for the matrices of the blocks and mergers, AdamW for all else; the tower apart in both."""
    muon: dict[bool, list] = {True: [], False: []}
    adam: dict[bool, list] = {True: [], False: list(probe.parameters())}
    for name, weight in model.named_parameters():
        block = ".layers." in name or ".blocks." in name or "merger" in name
        kind = muon if block and weight.ndim == 2 else adam
        kind[".visual." in name].append(weight)

    def groups(kind: dict[bool, list], rate: str) -> list[dict]:
        return [{"params": kind[tower], "tower": tower, "rate": rate} for tower in (True, False)]

    return [
        torch.optim.Muon(groups(muon, "muon"), weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(groups(adam, "rate"), betas=(0.9, 0.98), weight_decay=0.0),
    ]


def schedule(step: int, stage: Stage) -> float:
    """The share of the peak rate at a step: a short rise, then half a cosine down to the floor."""
    rise = max(1, min(60, stage.steps // 10))
    if step < rise:
        return (step + 1) / rise
    turn = (step - rise) / max(1, stage.steps - rise)
    return stage.floor + (1 - stage.floor) * 0.5 * (1 + math.cos(math.pi * turn))


class BaseTraining:
    """The base's weights on their way through the stages, kept in `folder/base.pt`.

    `workers` processes of one thread each may train it, each on its part of a step's images; their
    gradients are averaged. That keeps small operations from waiting on each other's threads.
    """

    def __init__(
        self,
        folder: Path,
        recipe: Recipe,
        seed: int = 0,
        worker: int = 0,
        workers: int = 1,
    ):
        self.folder, self.seed, self.stages = folder, seed, recipe.stages
        self.worker, self.workers = worker, workers
        folder.mkdir(parents=True, exist_ok=True)
        tokens = folder / "tokenizer"
        if tokens.is_dir():
            self.tokenizer = PreTrainedTokenizerFast.from_pretrained(tokens)
        else:
            self.tokenizer = make_tokenizer(seed, recipe.tokenizer_scenes)
            draft = folder / "tokenizer.part"
            self.tokenizer.save_pretrained(draft)
            draft.rename(tokens)
        self.model = new_model(self.tokenizer, seed)
        self.probe = TowerProbe(self.model.config.get_text_config().hidden_size)
        self.stage, self.step, self.seconds = 0, 0, 0.0
        self.optimisers = _optimisers(self.model, self.probe)
        self.file = folder / "base.pt"
        if self.file.exists():
            self._restore()

    def _restore(self) -> None:
        state = torch.load(self.file, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.probe.load_state_dict(state["probe"])
        self.stage, self.step, self.seconds = state["stage"], state["step"], state["seconds"]
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)

    def save(self) -> None:
        """Keep the state; one worker's is everyone's."""
        if self.worker:
            return
        state = {
            "model": self.model.state_dict(),
            "probe": self.probe.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "stage": self.stage,
            "step": self.step,
            "seconds": self.seconds,
        }
        save_state(self.file, state)

    def log(self, **entry) -> None:
        """One line of the training log, on the screen and in `folder/base.jsonl`."""
        if not self.worker:
            log_line(self.folder / "base.jsonl", entry)

    def run(self) -> None:
        """Train from where the state stands to the end of the last stage."""
        while self.stage < len(self.stages):
            self._run_stage(self.stages[self.stage])
            self.stage, self.step = self.stage + 1, 0
            self.save()

    def _run_stage(self, stage: Stage) -> None:
        batches = stream(
            self.step,
            stage.steps,
            stage=stage.name,
            seed=self.seed,
            size=stage.batch // self.workers,
            part=self.worker,
            tokenizer=self.tokenizer,
            image_token=self.model.config.image_token_id,
            questions=stage.questions,
            weights=dict(stage.weights),
        )
        figures: dict[str, list[float]] = defaultdict(list)
        saved = tick = time.monotonic()
        for batch in batches:
            share = schedule(self.step, stage)
            for name, value in self._train_step(stage, batch, share).items():
                figures[name].append(value)
            self.step += 1
            now = time.monotonic()
            self.seconds, tick = self.seconds + now - tick, now
            if self.step % 25 == 0 or self.step == stage.steps:
                means = {name: sum(values) / len(values) for name, values in figures.items()}
                self.log(
                    stage=stage.name,
                    step=self.step,
                    rate=stage.rate * share,
                    seconds=round(self.seconds),
                    **means,
                )
                figures.clear()
            if stage.name != "crops" and self.step % 150 == 0 and not self.worker:
                self.log(stage=stage.name, step=self.step, validation=validate(self))
            if now - saved > SAVE_EVERY:
                self.save()
                saved = now

    def _train_step(self, stage: Stage, batch, share: float) -> dict[str, float]:
        draw = torch.Generator().manual_seed(self.step)
        with torch.autocast("cpu", torch.bfloat16):
            features = see(self.model, batch.images)
            loss, figures = self.probe(features.tokens, batch)
            figures["probe"] = loss.item()
            loss = stage.probe * loss
            if batch.ids is not None:
                kept = None
                if torch.rand((), generator=draw) < stage.dropping:
                    kept = kept_tokens(batch.images, draw)
                logits, labels = answer_logits(self.model, batch, features, kept)
                answers = nn.functional.cross_entropy(logits, labels)
                figures["full" if kept is None else "dropped"] = answers.item()
                loss = loss + answers
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                peak = getattr(stage, group["rate"])
                group["lr"] = peak * share * (stage.tower if group["tower"] else 1.0)
        loss.backward()
        if self.workers > 1:
            self._average_gradients()
        nn.utils.clip_grad_norm_([*self.model.parameters(), *self.probe.parameters()], 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        return figures

    def _average_gradients(self) -> None:
        weights = [*self.model.parameters(), *self.probe.parameters()]
        grads = [w.grad if w.grad is not None else torch.zeros_like(w) for w in weights]
        flat = torch.cat([grad.flatten() for grad in grads])
        distributed.all_reduce(flat)
        flat /= self.workers
        for weight, part in zip(weights, flat.split([w.numel() for w in weights]), strict=True):
            if weight.grad is not None:
                weight.grad.copy_(part.view_as(weight))


@torch.no_grad()
def validate(training: BaseTraining, batches: int = 3) -> dict[str, float]:
    """Share of exactly right answers by type, on scenes of a seed that training does not use."""
    right: dict[str, list[bool]] = defaultdict(list)
    for step in range(batches):
        batch = make_batch(
            "validation",
            training.seed + 1000,
            step,
            size=32,
            tokenizer=training.tokenizer,
            image_token=training.model.config.image_token_id,
            questions=8,
        )
        with torch.autocast("cpu", torch.bfloat16):
            logits, _ = answer_logits(training.model, batch, see(training.model, batch.images))
        assert batch.asked is not None
        for questions, verdicts in zip(batch.asked, exact(batch, logits.argmax(-1)), strict=True):
            for question, verdict in zip(questions, verdicts, strict=True):
                right[question.type].append(verdict)
                right[f"{question.type}: {question.form}"].append(verdict)
                right["all"].append(verdict)
    names = ["all", *TYPES, *sorted(name for name in right if ":" in name)]
    return {name: round(sum(right[name]) / len(right[name]), 3) for name in names if right[name]}


def train_together(folder: Path, recipe: Recipe, workers: int) -> None:
    """Train the base to the end of its last stage in `workers` processes."""
    meeting = folder.resolve() / "meeting"
    meeting.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    BaseTraining(folder, recipe)  # the tokenizer is made once, before several read it
    spawn(_work, (folder, recipe, workers, meeting), nprocs=workers)


def _work(worker: int, folder: Path, recipe: Recipe, workers: int, meeting: Path) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"file://{meeting}", rank=worker, world_size=workers)
    BaseTraining(folder, recipe, worker=worker, workers=workers).run()
    distributed.destroy_process_group()
