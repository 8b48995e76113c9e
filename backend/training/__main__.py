"""`python -m training STEP`: make the base, the heads and their model card, each from where it stopped."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch

from .base_model import save_base
from .base_stages import BaseTraining, train_together
from .card import measure, render
from .examples import make_examples
from .head_stages import train_all_heads

HOME = Path(__file__).resolve().parent
ASSETS = HOME.parent / "vlmscope" / "assets"
WORKERS = 2  # processes that train the base


def train_base(state: Path, assets: Path) -> None:
    """All stages of the base, then its model folder among the assets."""
    train_together(state, WORKERS)
    ship_base(state, assets)


def ship_base(state: Path, assets: Path) -> None:
    """The base as last saved, into the assets; its training may go on."""
    training = BaseTraining(state)
    save_base(training.model, training.tokenizer, assets / "base")
    _keep_logs(state)


def train_heads(state: Path, assets: Path) -> None:
    """Every run's head through the base among the assets."""
    train_all_heads(state, assets)
    _keep_logs(state)


def write_card(state: Path, assets: Path) -> None:
    """Measure what lies among the assets and write the model card beside the base."""
    figures = measure(assets)
    (HOME / "logs" / "held_out.json").write_text(json.dumps(figures, indent=1) + "\n")
    minutes = {
        file.stem: round(_seconds(file) / 60) for file in sorted((HOME / "logs").glob("*.jsonl"))
    }
    (assets / "base" / "README.md").write_text(render(figures, minutes))


def write_examples(state: Path, assets: Path) -> None:
    """The example images and questions."""
    make_examples(assets / "examples")


def everything(state: Path, assets: Path) -> None:
    """All of it, in order."""
    for step in (train_base, train_heads, write_examples, write_card):
        step(state, assets)


def _seconds(log: Path) -> float:
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    return max(entry.get("seconds", 0) for entry in entries)


def _keep_logs(state: Path) -> None:
    (HOME / "logs").mkdir(exist_ok=True)
    for log in state.glob("*.jsonl"):
        shutil.copy(log, HOME / "logs" / log.name)


STEPS = {
    "base": train_base,
    "ship-base": ship_base,
    "heads": train_heads,
    "examples": write_examples,
    "card": write_card,
    "all": everything,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="training", description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--state", type=Path, default=HOME.parent.parent / "build" / "train")
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    STEPS[options.step](options.state, options.assets)


if __name__ == "__main__":
    main()
