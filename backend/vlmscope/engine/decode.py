"""Many rows of unlike length decoded as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import DynamicCache

from vlmscope.engine.attention import last_position_attention, mean_attention
from vlmscope.engine.prefill import Prefilled


class Batch:
    """Caches padded on the left, stacked, and stepped together; rows leave when they are done.

    Rows are named by their place in the batch as it stands; `drop` renumbers them.
    """

    def __init__(self, model: Any, rows: Sequence[Prefilled]) -> None:
        self._model = model
        device = rows[0].logits.device
        longest = max(row.length for row in rows)
        self._pad = torch.tensor([longest - row.length for row in rows])
        self._next = torch.tensor([row.next_position for row in rows])
        self._length = longest
        self._device = device
        self._image_places = [row.image_places for row in rows]
        self._cache: Any = _stack([row.cache for row in rows], longest, self._pad.tolist())

    def __len__(self) -> int:
        return self._pad.numel()

    @torch.inference_mode()
    def step(self, token_ids: Sequence[int]) -> torch.Tensor:
        """Append one token to each row; the logits [B, V], float32, of the next."""
        return self._forward(token_ids)

    @torch.inference_mode()
    def watched_step(self, token_ids: Sequence[int]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """As `step`, and each row's attention [K] over its image tokens while it took that step."""
        with last_position_attention(self._model, self._real(self._length + 1)) as seen:
            logits = self._forward(token_ids)
        mean = mean_attention(seen).cpu()
        places = zip(self._image_places, self._pad.tolist(), strict=True)
        return logits, [row[own + pad] for row, (own, pad) in zip(mean, places, strict=True)]

    def _real(self, length: int) -> torch.Tensor | None:
        """Which of so many places are no padding, bool [B, length]; None where all are."""
        if not bool(self._pad.any()):
            return None
        return (torch.arange(length)[None] >= self._pad[:, None]).to(self._device)

    def _forward(self, token_ids: Sequence[int]) -> torch.Tensor:
        length = self._length + 1
        real = length - self._pad
        positions = torch.stack([real - 1, self._next, self._next, self._next])[:, :, None]
        output = self._model(
            input_ids=torch.tensor(token_ids)[:, None].to(self._device),
            position_ids=positions.to(self._device),
            attention_mask=self._real(length),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        # Last: a step that fails is none.
        self._next, self._length = self._next + 1, length
        return output.logits[:, -1].float()

    def halves(self) -> tuple[Batch, Batch]:
        """The upper rows and the lower ones, each a batch of its own; this one is used no more.

        Nothing is copied, so that it can be done when memory has run out: what a step that failed
        half-way had already appended is taken back.
        """
        middle = len(self) // 2
        return self._part(slice(None, middle)), self._part(slice(middle, None))

    def _part(self, rows: slice) -> Batch:
        part = object.__new__(Batch)
        part._model, part._device, part._length = self._model, self._device, self._length
        part._pad, part._next = self._pad[rows], self._next[rows]
        part._image_places = self._image_places[rows]
        part._cache = DynamicCache()
        for index, layer in enumerate(self._cache.layers):
            part._cache.update(layer.keys[:0], layer.values[:0], index)
            part._cache.layers[index].keys = layer.keys[rows, :, : self._length]
            part._cache.layers[index].values = layer.values[rows, :, : self._length]
        return part

    def drop(self, places: Sequence[int]) -> None:
        """Take rows out of the batch, and the left padding that the others share."""
        staying = [i for i in range(len(self)) if i not in set(places)]
        self._pad, self._next = self._pad[staying], self._next[staying]
        self._image_places = [self._image_places[i] for i in staying]
        if not staying:
            self._cache = DynamicCache()
            return
        self._cache.batch_select_indices(torch.tensor(staying, device=self._device))
        shared = int(self._pad.min())
        if shared:
            for layer in self._cache.layers:
                layer.keys = layer.keys[:, :, shared:].contiguous()
                layer.values = layer.values[:, :, shared:].contiguous()
            self._pad = self._pad - shared
            self._length -= shared


def _stack(caches: Sequence[Any], longest: int, pads: Sequence[int]) -> DynamicCache:
    """One cache of all rows, padded with zeros on the left; frees each row's own as it goes.

    When that fails half-way, each row has its own again.
    """
    stacked: Any = DynamicCache()
    try:
        for index in range(len(caches[0].layers)):
            layers = [cache.layers[index] for cache in caches]
            keys = _pad_left([layer.keys for layer in layers], longest)
            values = _pad_left([layer.values for layer in layers], longest)
            stacked.update(keys, values, index)
            for layer in layers:
                layer.reset()
    except Exception:
        for index, whole in enumerate(stacked.layers):
            for row, (cache, pad) in enumerate(zip(caches, pads, strict=True)):
                layer = cache.layers[index]
                if not layer.is_initialized:
                    layer.lazy_initialization(whole.keys, whole.values)
                    layer.keys = whole.keys[row : row + 1, :, pad:]
                    layer.values = whole.values[row : row + 1, :, pad:]
        raise
    return stacked


def _pad_left(tensors: Sequence[torch.Tensor], longest: int) -> torch.Tensor:
    first = tensors[0]
    shape = (len(tensors), first.shape[1], longest, first.shape[3])
    out = torch.zeros(shape, dtype=first.dtype, device=first.device)
    for row, tensor in enumerate(tensors):
        out[row, :, longest - tensor.shape[2] :] = tensor[0]
    return out
