"""The training of ARR-COC heads through the frozen base.

The reference's hard top-K passes no gradient. Here the choice is hard on the way forward (what the
model sees in training is what it sees in use) and relaxed on the way back: the gradient of a sigmoid
around the K-th score stands in for the step's. A run may first learn from the base's own attention
from the answer to the image.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from transformers import Qwen3VLForConditionalGeneration

from vlmscope.arr_coc import ArrCoc, texture_array
from vlmscope.arr_coc.layout import expected_shapes

from .batches import IGNORE, Batch, make_batch, pack
from .gating import GATED, Gate, gating
from .held_out import load_base
from .packed import Features, answer_logits, exact, see

SAVE_EVERY = 300.0  # seconds
POOL, VALIDATION = 60, 5  # batches of 16 images


@dataclass(frozen=True)
class HeadRun:
    """One idea of how to train a head."""

    name: str
    idea: str
    steps: int
    distil: int  # steps at the start that learn from the base's attention
    budgets: tuple[float, ...]  # shares of the image tokens, one drawn for each step
    ship: tuple[int, ...]  # steps at which a checkpoint is kept
    keep: str = "50%"  # the budget a user starts from
    rate: float = 2e-3
    seed: int = 0


RUNS = (
    HeadRun(
        "distilled",
        "first the base's own attention from answer to image, then the answers' loss at many budgets",
        steps=220,
        distil=110,
        budgets=(0.15, 0.25, 0.35, 0.5),
        ship=(15, 220),
    ),
    HeadRun(
        "quarter",
        "the answers' loss alone, at a quarter of the tokens alone",
        steps=130,
        distil=0,
        budgets=(0.25,),
        ship=(130,),
        keep="25%",
        seed=1,
    ),
)


def new_state(hidden: int, seed: int) -> dict[str, Tensor]:
    """A head's tensors as torch initialises its layers: uniform within 1/sqrt(fan in)."""
    draw = torch.Generator().manual_seed(seed)
    shapes = expected_shapes(hidden)
    state = {}
    for key, shape in shapes.items():
        layer = key.rpartition(".")[0]
        bound = shapes[f"{layer}.weight"][1] ** -0.5
        state[key] = (torch.rand(shape, generator=draw) * 2 - 1) * bound
    return state


@dataclass
class Seen:
    """A batch of images as the frozen base and the head see them, made once."""

    batch: Batch
    features: Features
    textures: Tensor  # float32 [B, 13, 32, 32]


@torch.no_grad()
def make_pool(model, tokenizer, seed: int, batches: int, size: int = 16) -> list[Seen]:
    """Training images (never held-out ones) with their questions, features and textures."""
    pool = []
    for step in range(batches):
        batch = make_batch(
            "heads", seed, step, size, tokenizer, model.config.image_token_id, questions=8
        )
        textures = torch.stack([texture_array(image) for image in batch.images])
        pool.append(Seen(batch, see(model, batch.images), textures))
    return pool


def token_scores(head: ArrCoc, textures: Tensor, queries: Tensor, grid: tuple[int, int]):
    """Balanced scores on the token grid [B, T], and the balancer's weights [B, 3].

    The scenes' grids are all coarser than 32×32, where the engine averages adaptively too.
    """
    scores = [head.score_texture(*pair) for pair in zip(textures, queries, strict=True)]
    maps = torch.stack([score.balanced for score in scores])
    return nn.functional.adaptive_avg_pool2d(maps, grid).flatten(1), torch.stack(
        [score.weights for score in scores]
    )


def choose(scores: Tensor, count: int, temperature: float) -> Tensor:
    """A gate [B, T]: 1 for the `count` highest scores and 0 else, with a sigmoid's gradient."""
    ranked = scores.sort(dim=1, descending=True, stable=True)
    hard = torch.zeros_like(scores).scatter_(1, ranked.indices[:, :count], 1.0)
    if count >= scores.shape[1]:
        return hard
    border = ranked.values[:, count - 1 : count + 1].mean(1, keepdim=True).detach()
    soft = ((scores - border) / temperature).sigmoid()
    return hard + soft - soft.detach()


class HeadTraining:
    """One run's head on its way, kept in `folder/head-NAME.pt`."""

    def __init__(
        self, folder: Path, run: HeadRun, model: Qwen3VLForConditionalGeneration, tokenizer
    ):
        self.run, self.model, self.tokenizer = run, model, tokenizer
        self.folder, self.file = folder, folder / f"head-{run.name}.pt"
        hidden = model.config.get_text_config().hidden_size
        self.state = {k: v.requires_grad_() for k, v in new_state(hidden, run.seed).items()}
        self.head = ArrCoc(self.state, hidden)
        balancer = [v for k, v in self.state.items() if k.startswith("balancer")]
        scorer = [v for k, v in self.state.items() if not k.startswith("balancer")]
        # A balancer as fast as the scorer leaves the two other scores before the third is any good.
        self.optimiser = torch.optim.AdamW(
            [{"params": scorer, "share": 1.0}, {"params": balancer, "share": 0.2}], weight_decay=0.0
        )
        self.step, self.seconds = 0, 0.0
        if self.file.exists():
            self._restore()

    def _restore(self) -> None:
        saved = torch.load(self.file, weights_only=True)
        with torch.no_grad():
            for key, value in saved["head"].items():
                self.state[key].copy_(value)
        self.optimiser.load_state_dict(saved["optimiser"])
        self.step, self.seconds = saved["step"], saved["seconds"]

    def save(self) -> None:
        """Write the state beside the old one, then take its place."""
        draft = self.file.with_suffix(".part")
        torch.save(
            {
                "head": {key: value.detach() for key, value in self.state.items()},
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "seconds": self.seconds,
            },
            draft,
        )
        draft.replace(self.file)

    def train(self, pool: list[Seen], validation: list[Seen], ship_to: Path, facts: dict) -> None:
        """Train to the last step; a checkpoint to `ship_to` at the run's own steps."""
        saved = tick = time.monotonic()
        sums: dict[str, float] = {}
        while self.step < self.run.steps:
            figures = self._train_step(pool)
            self.step += 1
            now = time.monotonic()
            self.seconds, tick = self.seconds + now - tick, now
            for name, value in figures.items():
                sums[name] = sums.get(name, 0.0) + value
            if self.step % 50 == 0:
                self._log({name: value / 50 for name, value in sums.items()})
                sums.clear()
            shipping = self.step in self.run.ship
            if self.step % 100 == 0 or shipping:
                hard = self.validate(validation)
                self._log({f"hard_{k}": v for k, v in hard.items()})
                if shipping:
                    self._ship(ship_to, hard, facts)
            if now - saved > SAVE_EVERY or shipping:
                self.save()
                saved = now

    def _log(self, figures: dict[str, float]) -> None:
        entry = {"run": self.run.name, "step": self.step, "seconds": round(self.seconds)}
        line = json.dumps(entry | {k: round(v, 4) for k, v in figures.items()})
        print(line, flush=True)
        with (self.folder / f"head-{self.run.name}.jsonl").open("a") as file:
            file.write(line + "\n")

    def _rows(self, seen: Seen, draw: torch.Generator, each: int = 2):
        """`each` questions for each image, a row for each: batch, features, textures, queries."""
        asked = seen.batch.asked
        assert asked is not None
        picks = [
            (image, int(q))
            for image, questions in enumerate(asked)
            for q in torch.randperm(len(questions), generator=draw)[:each]
        ]
        return rows_of(self.model, self.tokenizer, seen, picks)

    def _train_step(self, pool: list[Seen]) -> dict[str, float]:
        run = self.run
        draw = torch.Generator().manual_seed(run.seed * 1_000_003 + self.step)
        seen = pool[int(torch.randint(len(pool), (), generator=draw))]
        batch, features, textures, queries = self._rows(seen, draw)
        scores, weights = token_scores(self.head, textures, queries, batch.grid)
        progress = self.step / run.steps
        if self.step < run.distil:
            target = self._attention(batch, features)
            loss = -(target * (scores / 0.1).log_softmax(1)).sum(1).mean()
            figures = {"attention": loss.item()}
        else:
            budget = run.budgets[int(torch.randint(len(run.budgets), (), generator=draw))]
            noise = 0.05 * (1 - progress) * torch.randn(scores.shape, generator=draw)
            temperature = 0.1 * (1 - progress) + 0.02
            count = max(1, round(budget * scores.shape[1]))
            chosen = choose(scores + noise, count, temperature)
            first = batch.first_image
            assert batch.ids is not None
            keys = torch.ones(batch.ids.shape)
            keys = torch.cat([keys[:, :first], chosen, keys[:, first + scores.shape[1] :]], 1)
            with gating(Gate(keys)):
                logits, labels = answer_logits(self.model, batch, features, attention=GATED)
            loss = nn.functional.cross_entropy(logits, labels)
            figures = {"answers": loss.item()}
        spread = -(weights * weights.clamp_min(1e-9).log()).sum(1).mean()
        rate = run.rate * min(1.0, (self.step + 1) / 30) * (1 - 0.95 * progress)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["share"]
        (loss - 0.02 * spread).backward()
        nn.utils.clip_grad_norm_(list(self.state.values()), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        names = ("information", "perspectival", "participatory")
        return figures | dict(zip(names, weights.detach().mean(0).tolist(), strict=True))

    @torch.no_grad()
    def _attention(self, batch: Batch, features: Features) -> Tensor:
        """The base's attention from an answer to the image tokens: a distribution [B, T]."""
        assert batch.labels is not None
        with gating(Gate(record=True)) as gate:
            answer_logits(self.model, batch, features, attention=GATED)
        asked = (batch.labels != IGNORE).float()
        tokens = features.tokens.shape[1]
        total = torch.zeros(len(asked), tokens)
        for layer in gate.weights:
            image = layer[..., batch.first_image : batch.first_image + tokens].mean(1)
            total += (image * asked[..., None]).sum(1)
        return total / total.sum(1, keepdim=True)

    @torch.no_grad()
    def validate(self, validation: list[Seen]) -> dict[str, float]:
        """Share of exactly right answers under the hard choice, at 50 % and 25 %."""
        result = {}
        for share in (0.5, 0.25):
            verdicts: list[bool] = []
            draw = torch.Generator().manual_seed(0)
            for seen in validation:
                batch, features, textures, queries = self._rows(seen, draw, 4)
                scores, _ = token_scores(self.head, textures, queries, batch.grid)
                count = max(1, int(share * scores.shape[1] + 0.5))
                order = scores.sort(dim=1, descending=True, stable=True).indices[:, :count]
                logits, _ = answer_logits(self.model, batch, features, order.sort(1).values)
                verdicts += [row[0] for row in exact(batch, logits.argmax(-1))]
            result[f"{share:.0%}"] = sum(verdicts) / len(verdicts)
        return result

    def _ship(self, folder: Path, hard: dict[str, float], facts: dict) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = asdict(self.run) | facts
        metadata = {
            "format": "pt",
            "kind": "arr-coc",
            "experiment": self.run.name,
            "epoch": "0",
            "step": str(self.step),
            "metrics": json.dumps({f"validation_exact_{k}": round(v, 4) for k, v in hard.items()}),
            "config": json.dumps(config),
            "notes": f"Trained through the shipped base: {self.run.idea}.",
            "keep": self.run.keep,
        }
        name = f"{self.run.name}_step-{self.step:04d}.safetensors"
        tensors = {key: value.detach().contiguous() for key, value in self.state.items()}
        save_file(tensors, folder / name, metadata)


def rows_of(model, tokenizer, seen: Seen, picks: list[tuple[int, int]]):
    """A row for each (image, question): the batch, its features, textures and query embeddings.

    The query embedding is the mean of the input embeddings of the question's own tokens, without
    the chat template, as the reference takes it.
    """
    asked = seen.batch.asked
    assert asked is not None
    questions = [asked[image][q] for image, q in picks]
    images = torch.tensor([image for image, _ in picks])
    ids, labels, positions, blocks, first = pack(
        tokenizer, seen.batch.grid, [[q] for q in questions], model.config.image_token_id
    )
    batch = Batch(
        images=seen.batch.images[:0],
        grid=seen.batch.grid,
        what=seen.batch.what[:0],
        colour=seen.batch.colour[:0],
        centre=seen.batch.centre[:0],
        ground=seen.batch.ground[:0],
        ids=ids,
        labels=labels,
        positions=positions,
        blocks=blocks,
        asked=[[q] for q in questions],
        first_image=first,
    )
    features = Features(
        seen.features.tokens[images], [level[images] for level in seen.features.deepstack]
    )
    embed = model.model.language_model.embed_tokens.weight.detach()
    queries = torch.stack([embed[tokenizer.encode(q.text)].mean(0) for q in questions])
    return batch, features, seen.textures[images], queries


def train_all_heads(state: Path, assets: Path) -> None:
    """Every run's head through the shipped base, each in a process of one thread."""
    spawn(_train_head, (state, assets), nprocs=len(RUNS))


def _train_head(number: int, state: Path, assets: Path) -> None:
    torch.set_num_threads(1)
    model, tokenizer = load_base(assets / "base")
    model.requires_grad_(False)
    pool = make_pool(model, tokenizer, seed=11, batches=POOL)
    validation = make_pool(model, tokenizer, seed=12, batches=VALIDATION)
    facts = {"hidden_size": model.config.get_text_config().hidden_size, "images": POOL * 16}
    HeadTraining(state, RUNS[number], model, tokenizer).train(
        pool, validation, assets / "checkpoints", facts
    )
