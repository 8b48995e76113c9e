"""The training of LoRA adapters over the frozen base.

An adapter learns to answer from few image tokens: what a compressor leaves, drawn as the base's own
training draws it. PEFT makes the layers and the files, so that what ships is what people have.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import save_file
from torch import Tensor, nn

from vlmscope.checkpoints.adapter import CONFIG, WEIGHTS

from .batches import Batch, stream
from .dropping import kept_tokens
from .head_data import Rows, Seen, exact_shares, make_pool
from .held_out import BUDGETS, load_base
from .packed import answer_logits, see
from .recipe import AdapterRun, Recipe
from .resumable import SAVE_EVERY, log_line, save_state

LOG_EVERY, VALIDATE_EVERY = 25, 100  # steps
LINEAR = r"model\.language_model\.layers\.\d+\.(self_attn|mlp)\.\w+_proj"


class AdapterTraining:
    """One run's adapter on its way, kept in `folder/adapter-NAME.pt`."""

    def __init__(self, folder: Path, run: AdapterRun, model, tokenizer):
        self.run, self.tokenizer = run, tokenizer
        self.folder, self.file = folder, folder / f"adapter-{run.name}.pt"
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(run.seed)
        config = LoraConfig(r=run.rank, lora_alpha=run.alpha, target_modules=LINEAR)
        self.peft = get_peft_model(model, config)
        self.model: Any = self.peft.base_model.model
        self.weights = [p for p in self.peft.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(self.weights, weight_decay=0.0)
        self.step, self.seconds = 0, 0.0
        if self.file.exists():
            saved = torch.load(self.file, weights_only=True)
            set_peft_model_state_dict(self.peft, saved["adapter"])
            self.optimiser.load_state_dict(saved["optimiser"])
            self.step, self.seconds = saved["step"], saved["seconds"]

    def save(self) -> None:
        """Keep the state."""
        state = {
            "adapter": get_peft_model_state_dict(self.peft),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        save_state(self.file, state)

    def train(self, validation: list[Seen], ship_to: Path) -> None:
        """Train to the last step, then write the adapter's folder into `ship_to`."""
        run = self.run
        batches = stream(
            self.step,
            run.steps,
            stage="adapters",
            seed=run.seed,
            size=run.batch,
            tokenizer=self.tokenizer,
            image_token=self.model.config.image_token_id,
            questions=8,
        )
        saved = tick = time.monotonic()
        losses: list[float] = []
        for batch in batches:
            losses.append(self._train_step(batch))
            self.step += 1
            now = time.monotonic()
            self.seconds, tick = self.seconds + now - tick, now
            last = self.step == run.steps
            if self.step % LOG_EVERY == 0 or last:
                self._log({"dropped": sum(losses) / len(losses)})
                losses.clear()
            if self.step % VALIDATE_EVERY == 0 and not last:
                self._log({f"exact_{k}": v for k, v in self.validate(validation).items()})
            if now - saved > SAVE_EVERY or last:
                self.save()
                saved = now
        figures = self.validate(validation)
        self._log({f"exact_{k}": v for k, v in figures.items()})
        self._ship(ship_to / run.name, figures)

    def _log(self, figures: dict[str, float]) -> None:
        entry = {"run": self.run.name, "step": self.step, "seconds": round(self.seconds)}
        log_line(self.folder / f"adapter-{self.run.name}.jsonl", entry | figures)

    def _train_step(self, batch: Batch) -> float:
        run = self.run
        draw = torch.Generator().manual_seed(run.seed * 1_000_003 + self.step)
        with torch.no_grad():
            features = see(self.model, batch.images)
        kept = kept_tokens(batch.images, draw, run.least, run.most)
        logits, labels = answer_logits(self.model, batch, features, kept)
        loss = nn.functional.cross_entropy(logits, labels)
        rate = run.rate * min(1.0, (self.step + 1) / 30) * (1 - 0.95 * self.step / run.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss.backward()
        nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return loss.item()

    @torch.no_grad()
    def validate(self, validation: list[Seen]) -> dict[str, float]:
        """Share of exactly right answers with all image tokens, and with random ones at each budget."""

        def ranked(rows: Rows, draw: torch.Generator) -> Tensor:
            return torch.rand(rows.features.tokens.shape[:2], generator=draw).argsort(1)

        return exact_shares(self.model, self.tokenizer, validation, (None, *BUDGETS), ranked)

    def _ship(self, folder: Path, figures: dict[str, float]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        tensors = get_peft_model_state_dict(self.peft)
        metadata = {
            "format": "pt",
            "kind": "lora",
            "experiment": self.run.name,
            "epoch": "0",
            "step": str(self.step),
            "metrics": json.dumps(
                {f"validation_exact_random_{k}": round(v, 4) for k, v in figures.items()}
            ),
            "config": json.dumps(asdict(self.run)),
            "notes": f"Trained over the shipped base: {self.run.idea}.",
        }
        half = {key: value.detach().half().contiguous() for key, value in tensors.items()}
        save_file(half, folder / WEIGHTS, metadata)
        config = self.peft.peft_config["default"].to_dict()
        config |= {"base_model_name_or_path": "shipped", "inference_mode": True}
        config["auto_mapping"] = None
        text = json.dumps(config, indent=1, sort_keys=True, default=str)
        (folder / CONFIG).write_text(text + "\n")


def train_all_adapters(state: Path, assets: Path, recipe: Recipe) -> None:
    """Every run's adapter over the shipped base, one after the other."""
    for run in recipe.adapters:
        model, tokenizer = load_base(assets / "base")
        validation = make_pool(
            model, tokenizer, seed=12, batches=recipe.validation, size=recipe.images
        )
        AdapterTraining(state, run, model, tokenizer).train(validation, assets / "checkpoints")
