"""`python -m training STEP`: make the base, the heads and their model card, each from where it stopped."""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from .adapter_stages import train_all_adapters
from .base_model import save_base
from .base_stages import BaseTraining, train_together
from .card import measure, render
from .examples import make_examples
from .head_stages import train_all_heads
from .recipe import FULL, SMOKE, Recipe
from .suite import make_suite

HOME = Path(__file__).resolve().parent
BUILD = HOME.parent.parent / "build"
WORKERS = 2  # processes that train the base


@dataclass(frozen=True)
class Job:
    """What to train, where its state and logs are kept and where what ships goes."""

    recipe: Recipe
    state: Path
    assets: Path
    logs: Path


def train_base(job: Job) -> None:
    """All stages of the base, then its model folder among the assets."""
    train_together(job.state, job.recipe, WORKERS)
    ship_base(job)


def ship_base(job: Job) -> None:
    """The base as last saved, into the assets; its training may go on."""
    training = BaseTraining(job.state, job.recipe)
    save_base(training.model, training.tokenizer, job.assets / "base")
    _keep_logs(job)


def train_heads(job: Job) -> None:
    """Every run's head through the base among the assets."""
    train_all_heads(job.state, job.assets, job.recipe)
    _keep_logs(job)


def train_adapters(job: Job) -> None:
    """Every run's LoRA adapter over the base among the assets."""
    train_all_adapters(job.state, job.assets, job.recipe)
    _keep_logs(job)


def write_card(job: Job) -> None:
    """Measure what lies among the assets and write the model card beside the base."""
    figures = measure(job.assets, job.recipe.cases)
    (job.logs / "held_out.json").write_text(json.dumps(figures, indent=1) + "\n")
    names = ["base", *(f"head-{run.name}" for run in job.recipe.runs)]
    names += [f"adapter-{run.name}" for run in job.recipe.adapters]
    minutes = {name: round(_seconds(job.logs / f"{name}.jsonl") / 60) for name in names}
    (job.assets / "base" / "README.md").write_text(render(figures, minutes))


def write_examples(job: Job) -> None:
    """The example images and questions."""
    make_examples(job.assets / "examples")


def write_suite(job: Job) -> None:
    """The suite of held-out cases."""
    make_suite(job.assets / "suites", job.recipe.suite)


def everything(job: Job) -> None:
    """All of it, in order."""
    for step in (train_base, train_heads, train_adapters, write_examples, write_suite, write_card):
        step(job)


def _seconds(log: Path) -> float:
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    return max(entry.get("seconds", 0) for entry in entries)


def _keep_logs(job: Job) -> None:
    job.logs.mkdir(parents=True, exist_ok=True)
    for log in job.state.glob("*.jsonl"):
        shutil.copy(log, job.logs / log.name)


STEPS = {
    "base": train_base,
    "ship-base": ship_base,
    "heads": train_heads,
    "adapters": train_adapters,
    "examples": write_examples,
    "suite": write_suite,
    "card": write_card,
    "all": everything,
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="training", description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--smoke", action="store_true", help="try every step in seconds")
    parser.add_argument("--state", type=Path, help="where it goes on from (default: build/train)")
    parser.add_argument("--assets", type=Path, help="where results go instead of what ships")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    recipe = SMOKE if given.smoke else FULL
    state = given.state or BUILD / ("smoke" if given.smoke else "train")
    if given.smoke or given.assets:  # nothing that ships is touched
        job = Job(recipe, state, given.assets or state / "assets", state / "logs")
    else:
        job = Job(recipe, state, HOME.parent / "vlmscope" / "assets", HOME / "logs")
    STEPS[given.step](job)


if __name__ == "__main__":
    main()
