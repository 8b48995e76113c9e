"""`ArrCoc`: a trained ARR-COC head, which scores an image's cells for a query.

Reimplements the arithmetic of the public reference (djwar42/arr-coc-0-1, v0.1), one image at a
time: its min-max steps run over a whole batch, so a batch would change the scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from vlmscope.arr_coc.layout import hidden_size_of, require_exact
from vlmscope.arr_coc.texture import EDGES, min_max, texture_array


@dataclass(frozen=True, eq=False)
class Scores:
    """What a head sees in one image for one query; maps float32 [32, 32].

    `texture` [13, 32, 32]; `weights` [3] are the balancer's, of information, perspectival and
    participatory in this order; `balanced` is their weighted sum, in 0..1.
    """

    texture: torch.Tensor
    information: torch.Tensor
    perspectival: torch.Tensor
    participatory: torch.Tensor
    weights: torch.Tensor
    balanced: torch.Tensor

    def weighed(self, weights: torch.Tensor) -> Scores:
        """The same scores under other weights [3], which need not add up to 1."""
        parts = (self.information, self.perspectival, self.participatory)
        return replace(self, weights=weights, balanced=_balanced(parts, weights))

    def top_k(self, k: int) -> torch.Tensor:
        """Flat indices int64 of the `k` highest balanced cells, best first; ties: lower index."""
        order = torch.argsort(self.balanced.flatten(), descending=True, stable=True)
        return order[: max(0, min(k, order.numel()))]


@dataclass(frozen=True, eq=False)
class ArrCoc:
    """An ARR-COC head: its tensors by the reference's names, for a base of `hidden_size`."""

    state: Mapping[str, torch.Tensor]
    hidden_size: int

    @classmethod
    def from_state_dict(cls, state: Mapping[str, torch.Tensor], device: str = "cpu") -> ArrCoc:
        """A head from exactly the reference's keys and shapes; raises CheckpointError otherwise."""
        require_exact({name: tuple(tensor.shape) for name, tensor in state.items()})
        tensors = {name: tensor.to(device, torch.float32) for name, tensor in state.items()}
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        return cls(tensors, hidden_size_of(shapes) or 0)

    @torch.no_grad()
    def score(
        self, image: np.ndarray | torch.Tensor, query_embedding: np.ndarray | torch.Tensor
    ) -> Scores:
        """Scores of one image, uint8 [H, W, 3], for a query embedding, float [D]."""
        device = self.state["balancer.weight_predictor.0.bias"].device
        pixels = torch.as_tensor(np.array(image) if isinstance(image, np.ndarray) else image)
        query = torch.as_tensor(query_embedding).to(device, torch.float32)
        texture = texture_array(pixels.to(device))
        return self.score_texture(texture, query)

    def score_texture(self, texture: torch.Tensor, query: torch.Tensor) -> Scores:
        """Scores of a texture [13, 32, 32] for a query [D]; gradients flow through it."""
        seen = information(texture)
        edges = texture[EDGES]
        wanted = self._participatory(texture, query)
        weights = self._weights((seen, edges, wanted), query)
        balanced = _balanced((seen, edges, wanted), weights)
        return Scores(texture, seen, edges, wanted, weights, balanced)

    def _participatory(self, texture: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
        """Cosine of each cell's projected texture with the query, from -1..1 to 0..1."""
        cells = self._conv("participatory_scorer.texture_proj.0", texture.unsqueeze(0)).relu()
        cells = self._conv("participatory_scorer.texture_proj.2", cells)
        cosine = F.cosine_similarity(cells, query.view(1, -1, 1, 1), dim=1)
        return (cosine[0] + 1.0) / 2.0

    def _weights(self, scores: tuple[torch.Tensor, ...], query: torch.Tensor) -> torch.Tensor:
        """The balancer's three weights, from each score's mean, maximum and deviation."""
        figures = [torch.stack([score.mean(), score.max(), score.std()]) for score in scores]
        hidden = torch.cat([*figures, query])
        for layer in ("0", "2", "4"):
            name = f"balancer.weight_predictor.{layer}"
            hidden = F.linear(hidden, self.state[f"{name}.weight"], self.state[f"{name}.bias"])
            hidden = hidden.softmax(dim=-1) if layer == "4" else hidden.relu()
        return hidden

    def _conv(self, name: str, values: torch.Tensor) -> torch.Tensor:
        return F.conv2d(values, self.state[f"{name}.weight"], self.state[f"{name}.bias"])


def _balanced(scores: tuple[torch.Tensor, ...], weights: torch.Tensor) -> torch.Tensor:
    """The weighted sum of the three scores, min-max scaled."""
    seen, edges, wanted = scores
    return min_max(weights[0] * seen + weights[1] * edges + weights[2] * wanted)


def information(texture: torch.Tensor) -> torch.Tensor:
    """Shannon entropy [32, 32] of the softmax over the channels [13, 32, 32], min-max scaled."""
    shares = texture.softmax(dim=0)
    return min_max(-(shares * torch.log(shares + 1e-10)).sum(dim=0))
