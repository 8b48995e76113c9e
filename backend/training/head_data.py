"""What a head learns from: images and questions as the frozen base sees them, made once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vlmscope.arr_coc import texture_array

from .batches import Batch, make_batch, question_rows
from .gating import GATED, gating
from .held_out import budget
from .packed import Features, answer_logits, exact, query_embedding, see


@dataclass
class Seen:
    """A batch of images as the frozen base and a head see them."""

    batch: Batch
    features: Features
    textures: Tensor  # float32 [B, 13, 32, 32]


@dataclass
class Rows:
    """One question a row, N rows, with its image's features."""

    batch: Batch
    features: Features
    textures: Tensor  # float32 [N, 13, 32, 32]
    queries: Tensor  # float32 [N, D]


@torch.no_grad()
def make_pool(model, tokenizer, seed: int, batches: int, size: int) -> list[Seen]:
    """Training images (never held-out ones) with their questions, features and textures."""
    pool = []
    for step in range(batches):
        batch = make_batch(
            "heads", seed, step, size, tokenizer, model.config.image_token_id, questions=8
        )
        textures = torch.stack([texture_array(image) for image in batch.images])
        pool.append(Seen(batch, see(model, batch.images), textures))
    return pool


def draw_rows(model, tokenizer, seen: Seen, each: int, draw: torch.Generator) -> Rows:
    """`each` questions of every image, drawn without repeats."""
    assert seen.batch.asked is not None
    picks = [
        (image, int(q))
        for image, questions in enumerate(seen.batch.asked)
        for q in torch.randperm(len(questions), generator=draw)[:each]
    ]
    questions = [seen.batch.asked[image][q] for image, q in picks]
    images = torch.tensor([image for image, _ in picks])
    features = Features(
        seen.features.tokens[images], [level[images] for level in seen.features.deepstack]
    )
    queries = torch.stack([query_embedding(model, tokenizer, q.text) for q in questions])
    batch = question_rows(tokenizer, seen.batch.grid, questions, model.config.image_token_id)
    return Rows(batch, features, seen.textures[images], queries)


def exact_shares(
    model,
    tokenizer,
    validation: list[Seen],
    shares: Sequence[float | None],
    ranked: Callable[[Rows, torch.Generator], Tensor],
) -> dict[str, float]:
    """Share of exactly right answers with the first tokens of `ranked` [N, T] at each share of them.

    None is all tokens. The questions are the same at every call.
    """
    verdicts: dict[str, list[bool]] = defaultdict(list)
    draw = torch.Generator().manual_seed(0)
    for seen in validation:
        rows = draw_rows(model, tokenizer, seen, 4, draw)
        order = ranked(rows, draw)
        for share in shares:
            kept = None
            if share is not None:
                kept = order[:, : budget(share, rows.batch.grid)].sort(1).values
            logits, _ = answer_logits(model, rows.batch, rows.features, kept)
            right = exact(rows.batch, logits.argmax(-1))
            verdicts[f"{share or 1.0:.0%}"] += [row[0] for row in right]
    return {name: sum(values) / len(values) for name, values in verdicts.items()}


def gated_logits(model, rows: Rows, gate: Tensor) -> tuple[Tensor, Tensor]:
    """`answer_logits` with the image tokens' keys gated by [N, T]."""
    assert rows.batch.ids is not None
    first = rows.batch.first_image
    keys = torch.ones(rows.batch.ids.shape)
    keys = torch.cat([keys[:, :first], gate, keys[:, first + gate.shape[1] :]], 1)
    with gating(keys):
        return answer_logits(model, rows.batch, rows.features, attention=GATED)


def influence(model, rows: Rows, draws: int, draw: torch.Generator) -> Tensor:
    """How much each image token's presence lowers the loss of the right answer: float32 [N, T].

    The gradient of the loss by each token's gate, its sign turned, averaged over `draws` random
    choices of 10 % to 60 % of the tokens: a first-order leave-one-out where evidence is scarce. On the
    full image the loss is near zero and its gradient says little.
    """
    shape = rows.features.tokens.shape[:2]
    total = torch.zeros(shape)
    for _ in range(draws):
        share = 0.1 + 0.5 * torch.rand(shape[0], 1, generator=draw)
        gate = (torch.rand(shape, generator=draw) < share).float().requires_grad_()
        logits, labels = gated_logits(model, rows, gate)
        loss = nn.functional.cross_entropy(logits, labels, reduction="sum")
        total -= torch.autograd.grad(loss, gate)[0]
    return total / draws
