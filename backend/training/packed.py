"""The base's forward pass over packed batches, as training and its figures use it.

It calls the real model's own parts; a test shows that a block's logits are those of the plain model on
that question alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase, Qwen3VLForConditionalGeneration
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from .base_model import MERGE, PATCH, patches
from .batches import IGNORE, WHATS, Batch
from .scenes import COLOURS, SHAPES, TEXTURES


class TowerProbe(nn.Module):
    """Linear readings of the vision tower's tokens, the auxiliary task that teaches it; not shipped."""

    def __init__(self, hidden: int):
        super().__init__()
        self.what = nn.Linear(hidden, len(WHATS))
        self.colour = nn.Linear(hidden, len(COLOURS) + 1)
        self.centre = nn.Linear(hidden, 1)
        self.ground = nn.Linear(hidden, len(TEXTURES))
        self.place = nn.Linear(hidden, 6)
        self.kind = nn.Linear(hidden, 4)

    def forward(self, features: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss of features [B, T, D], and what share of things, colours and centres is right."""
        entropy = nn.functional.cross_entropy
        shown = (batch.what > 0).float().mean().clamp_min(1e-3)
        balance = torch.ones(len(WHATS))
        balance[0] = (0.5 * shown).item()  # bare ground is most of a picture and the least to learn
        what, colour = self.what(features).float(), self.colour(features).float()
        centre = self.centre(features).squeeze(-1).float()
        ground = self.ground(features.mean(1)).float()
        loss = (
            entropy(what.flatten(0, 1), batch.what.flatten(), balance, ignore_index=IGNORE)
            + 0.5 * entropy(colour.flatten(0, 1), batch.colour.flatten(), ignore_index=IGNORE)
            + nn.functional.binary_cross_entropy_with_logits(
                centre, batch.centre, pos_weight=torch.tensor(5.0)
            )
            + 0.2 * entropy(ground, batch.ground)
            + self._place_loss(features, batch)
            + entropy(
                self.kind(features).float().flatten(0, 1),
                kinds(batch).flatten(),
                ignore_index=IGNORE,
            )
        )
        with torch.no_grad():
            things = batch.what > 0
            tags = batch.what >= WHATS.index("tag 0")
            right = what.argmax(-1) == batch.what
            figures = {
                "things": right[things].float().mean().item(),
                "tags": right[tags].float().mean().item() if tags.any() else 0.0,
                "ground": (ground.argmax(-1) == batch.ground).float().mean().item(),
            }
        return loss, figures

    def _place_loss(self, features: Tensor, batch: Batch) -> Tensor:
        """Bare ground tells its place at once; a thing's tokens, which are asked about, weigh as much."""
        read = self.place(features).float().unflatten(-1, (2, 3)).permute(0, 3, 1, 2)
        loss = nn.functional.cross_entropy(read, places(batch), reduction="none").mean(-1)
        things = batch.what > 0
        weight = torch.where(things, 0.5 / things.sum().clamp_min(1), 0.5 / (~things).sum())
        return (loss * weight).sum()


def kinds(batch: Batch) -> Tensor:
    """Whether each token shows nothing, a shape, a letter or a tag: int64 [B, T], 0 to 3, or IGNORE."""
    starts = torch.tensor([1, 1 + len(SHAPES), WHATS.index("tag 0")])
    found = torch.bucketize(batch.what.clamp_min(0), starts, right=True)
    return torch.where(batch.what == IGNORE, IGNORE, found)


def places(batch: Batch) -> Tensor:
    """Which third of its picture each token lies in, down and across: int64 [B, T, 2]."""
    rows, cols = batch.grid
    down, across = (torch.arange(size) * 3 // size for size in (rows, cols))
    place = torch.stack(torch.meshgrid(down, across, indexing="ij"), -1).flatten(0, 1)
    return place.expand(len(batch.images), -1, -1)


@dataclass
class Features:
    """The vision tower's output for B images of one size: [B, T, D] each."""

    tokens: Tensor
    deepstack: list[Tensor]


def see(model: Qwen3VLForConditionalGeneration, images: Tensor) -> Features:
    """Run the vision tower on uint8 [B, H, W, 3] images of one size."""
    batch, height, width, _ = images.shape
    rows, cols = height // PATCH, width // PATCH
    grid = torch.tensor([[1, rows, cols]] * batch)
    with _patches_as_product(model.model.visual.patch_embed):
        out = model.model.visual(patches(images), grid_thw=grid, return_dict=True)
    shape = (batch, rows * cols // MERGE**2, -1)
    return Features(out.pooler_output.view(shape), [f.view(shape) for f in out.deepstack_features])


@contextmanager
def _patches_as_product(embed: Any) -> Iterator[None]:
    """Within, patches are embedded by a matrix product.

    The model's 3D convolution sees one patch at a time, so it is one, and a CPU runs it much slower.
    """
    weight, bias = embed.proj.weight, embed.proj.bias
    embed.forward = lambda values: nn.functional.linear(values, weight.flatten(1), bias)
    try:
        yield
    finally:
        del embed.forward


def _packed_attention(
    module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor, scaling: float, **_
) -> tuple[Tensor, None]:
    """Attention under a mask in plain products: a CPU's fused one takes twice as long here."""
    groups = module.num_key_value_groups
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    logits = (query * scaling) @ key.transpose(-1, -2)
    weights = logits.masked_fill(~attention_mask, torch.finfo(logits.dtype).min).softmax(-1)
    return (weights @ value).transpose(1, 2).contiguous(), None


ALL_ATTENTION_FUNCTIONS.register("training_packed", _packed_attention)


@contextmanager
def attention_by(model: Qwen3VLForConditionalGeneration, name: str) -> Iterator[None]:
    """Within, the language model attends by a registered function; for one thread at a time."""
    config = model.model.language_model.config
    before, config._attn_implementation = config._attn_implementation, name
    try:
        yield
    finally:
        config._attn_implementation = before


def answer_logits(
    model: Qwen3VLForConditionalGeneration,
    batch: Batch,
    features: Features,
    kept: Tensor | None = None,
    attention_mask: Tensor | None = None,
    attention: str = "training_packed",
) -> tuple[Tensor, Tensor]:
    """Logits [N, V] where an answer's token comes next, and those tokens [N].

    `kept` int64 [B, K] lists the image tokens that stay, ascending; they keep their positions.
    `attention_mask` [B, S, S] adds to the causal and block mask what may be seen; `attention` names
    the function that computes it.
    """
    ids, labels, positions, blocks = batch.ids, batch.labels, batch.positions, batch.blocks
    assert ids is not None and labels is not None and positions is not None and blocks is not None
    first, tokens = batch.first_image, features.tokens.shape[1]
    image, deepstack = features.tokens, features.deepstack
    if kept is not None:
        rows = torch.arange(len(ids))[:, None]
        head = torch.arange(first).expand(len(ids), -1)
        tail = torch.arange(first + tokens, ids.shape[1]).expand(len(ids), -1)
        columns = torch.cat([head, kept + first, tail], 1)
        ids, labels, blocks = ids[rows, columns], labels[rows, columns], blocks[rows, columns]
        positions = positions[:, rows, columns]
        image, deepstack = image[rows, kept], [f[rows, kept] for f in deepstack]
        tokens = kept.shape[1]
    text = model.model.language_model.embed_tokens(ids)
    embeds = torch.cat([text[:, :first], image.to(text.dtype), text[:, first + tokens :]], 1)
    order = torch.arange(ids.shape[1])
    sees = (order[None, :] <= order[:, None]) & (
        (blocks[:, None, :] == 0) | (blocks[:, None, :] == blocks[:, :, None])
    )
    if attention_mask is not None:
        sees = sees & attention_mask
    where = torch.zeros(ids.shape, dtype=torch.bool)
    where[:, first : first + tokens] = True
    with attention_by(model, attention):
        hidden = model.model.language_model(
            inputs_embeds=embeds,
            attention_mask=sees[:, None],
            position_ids=positions,
            visual_pos_masks=where,
            deepstack_visual_embeds=[f.flatten(0, 1) for f in deepstack],
            use_cache=False,
        ).last_hidden_state
    asked = labels != IGNORE
    return model.lm_head(hidden[asked]).float(), labels[asked]


def query_embedding(
    model: Qwen3VLForConditionalGeneration, tokenizer: PreTrainedTokenizerBase, text: str
) -> Tensor:
    """The mean of the input embeddings of the bare question's tokens [D], as the reference takes it."""
    return model.model.language_model.embed_tokens.weight.detach()[tokenizer.encode(text)].mean(0)


def exact(batch: Batch, predicted: Tensor) -> list[list[bool]]:
    """For each row and question, whether every token of its answer, the end too, was the likeliest.

    `predicted` int64 [N]: the likeliest token at each place of `answer_logits`. Given the right tokens
    before, all likeliest tokens right is the same as a greedy answer that is exactly right.
    """
    assert batch.labels is not None and batch.blocks is not None
    asked = batch.labels != IGNORE
    right = torch.zeros(batch.labels.shape, dtype=torch.bool)
    right[asked] = predicted == batch.labels[asked]
    verdicts = []
    for row in range(len(right)):
        count = int(batch.blocks[row].max())
        verdicts.append(
            [
                bool(right[row][asked[row] & (batch.blocks[row] == block)].all())
                for block in range(1, count + 1)
            ]
        )
    return verdicts
