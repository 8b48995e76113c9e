"""The attention map equals what eager attention would have shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.support.reference import picture, plain_inputs
from transformers import Qwen3VLForConditionalGeneration

from vlmscope import SharedBase, run
from vlmscope.engine.attention import watched_layers
from vlmscope.engine.loading import shipped_folder


def eager_attention(base: SharedBase, image, query: str, kept: np.ndarray) -> np.ndarray:
    """Mean of heads and watched layers, from full attention matrices, dropped tokens masked."""
    folder = shipped_folder() if base.name == "shipped" else base.name
    model = Qwen3VLForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    inputs = plain_inputs(base, image, query)
    types = inputs.pop("mm_token_type_ids")
    places = types[0].nonzero()[:, 0]
    positions, _ = model.model.get_rope_index(
        inputs["input_ids"], mm_token_type_ids=types, image_grid_thw=inputs["image_grid_thw"]
    )
    mask = torch.ones_like(types)
    mask[0, places] = 0
    mask[0, places[torch.from_numpy(kept)]] = 1
    with torch.no_grad():
        out = model(**inputs, attention_mask=mask, position_ids=positions, output_attentions=True)
    layers = [
        out.attentions[layer][0, :, -1].mean(0) for layer in watched_layers(len(out.attentions))
    ]
    return torch.stack(layers).mean(0)[places].numpy()


@pytest.mark.parametrize("line", ["baseline", "random:keep=40%"])
def test_the_map_equals_eager_attention(base: SharedBase, line: str):
    image, query = picture(200, 120), "What colour is the star?"
    (result,) = run(base, image, query, [line], max_new_tokens=1).results
    found = result.maps["attention"].values
    expected = eager_attention(base, image, query, result.kept)
    assert found.shape == result.grid
    kept = np.isin(np.arange(found.size), result.kept)
    np.testing.assert_allclose(found.ravel()[kept], expected[kept], atol=1e-5)
    assert 0 < found.ravel()[kept].sum() < 1
    assert np.array_equal(np.isnan(found.ravel()), ~kept)


def test_the_scale_ends_at_the_most_attended_of_the_kept_tokens(tiny: SharedBase, square):
    (result,) = run(tiny, square, "Why?", ["uniform:keep=20%"], max_new_tokens=1).results
    attention = result.maps["attention"]
    assert np.isnan(attention.values).sum() == 20
    assert (attention.low, attention.high) == (0.0, float(np.nanmax(attention.values)))


def test_the_map_names_its_layers(tiny: SharedBase, square):
    (result,) = run(tiny, square, "Why?", ["baseline"], max_new_tokens=1).results
    assert "layers 2, 3" in result.maps["attention"].method


@pytest.mark.parametrize(
    ("depth", "layers"), [(1, (0,)), (4, (2, 3)), (12, (6, 7, 9, 10)), (28, (14, 17, 21, 24))]
)
def test_a_few_layers_of_the_second_half_are_watched(depth: int, layers: tuple[int, ...]):
    assert watched_layers(depth) == layers
