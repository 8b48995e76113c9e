"""The unmodified model's own answers, and a tolerance: what the engine is held against.

Nothing here uses the engine's prompt, caches or batch: prompts come from the tokenizer and the
image processor, answers from `generate`, or from full forward passes without any cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from vlmscope import SharedBase, run
from vlmscope.engine.row import Row

TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class Trace:
    """An answer's tokens, and the logits [V] from which each (and the end) was chosen."""

    token_ids: tuple[int, ...]
    logits: list[torch.Tensor]

    def until(self, steps: int) -> Trace:
        """The first steps of it."""
        return Trace(self.token_ids[:steps], self.logits[:steps])


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    """Smooth noise with a few hard edges."""
    generator = np.random.default_rng(seed)
    coarse = Image.fromarray(generator.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    pixels = np.array(coarse.resize((width, height), Image.Resampling.BICUBIC))
    pixels[height // 4 : height // 2, width // 3 : width // 2] = generator.integers(0, 256, 3)
    return Image.fromarray(pixels)


def plain_inputs(base: SharedBase, image: Image.Image, query: str) -> dict[str, Any]:
    """The inputs of `generate`, put together by hand."""
    batch = base.image_processor(images=[image], return_tensors="pt")
    tokens = int(batch["image_grid_thw"].prod()) // 4
    text = base.tokenizer.apply_chat_template(
        [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": query}]}],
        tokenize=False,
        add_generation_prompt=True,
    )
    ids = base.tokenizer(text.replace("<|image_pad|>", "<|image_pad|>" * tokens))["input_ids"]
    input_ids = torch.tensor([ids])
    return {
        "input_ids": input_ids,
        "mm_token_type_ids": (input_ids == base.model.config.image_token_id).int(),
        "pixel_values": batch["pixel_values"],
        "image_grid_thw": batch["image_grid_thw"],
    }


@torch.no_grad()
def generated(base: SharedBase, image: Image.Image, query: str, steps: int) -> Trace:
    """What plain `generate` answers, greedily."""
    inputs = plain_inputs(base, image, query)
    out = base.model.generate(
        **inputs,
        max_new_tokens=steps,
        do_sample=False,
        output_logits=True,
        return_dict_in_generate=True,
    )
    ids = out.sequences[0, inputs["input_ids"].shape[1] :].tolist()
    return Trace(_without_end(base, ids), [step[0].float() for step in out.logits])


@torch.no_grad()
def masked(base: SharedBase, image: Image.Image, query: str, kept: np.ndarray, steps: int) -> Trace:
    """A full run, without cache, in which every token but `kept` is masked from attention."""
    inputs = plain_inputs(base, image, query)
    ids, types = inputs["input_ids"], inputs["mm_token_type_ids"]
    positions, _ = base.model.model.get_rope_index(
        ids, mm_token_type_ids=types, image_grid_thw=inputs["image_grid_thw"]
    )
    mask = torch.ones_like(ids)
    places = types[0].nonzero()[:, 0]
    dropped = np.setdiff1d(np.arange(len(places)), kept)
    mask[0, places[torch.from_numpy(dropped)]] = 0
    seen = base.model.get_image_features(inputs["pixel_values"], inputs["image_grid_thw"])
    answer: list[int] = []
    logits = []
    while True:
        out = base.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            mm_encoder_outputs={"image": seen},
            use_cache=False,
        )
        logits.append(out.logits[0, -1].float())
        answer.append(int(logits[-1].argmax()))
        if answer[-1] in base.end_tokens or len(answer) == steps:
            return Trace(_without_end(base, answer), logits)
        ids = torch.cat([ids, torch.tensor([[answer[-1]]])], dim=1)
        mask = torch.cat([mask, torch.ones_like(mask[:, :1])], dim=1)
        positions = torch.cat([positions, positions.amax().expand(3, 1, 1) + 1], dim=2)


class Recorder:
    """Keeps the logits from which each row of a comparison chose."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.logits: dict[str, list[torch.Tensor]] = {}
        take = Row.take

        def recorded(row: Row, logits: torch.Tensor, *rest: Any) -> Any:
            self.logits.setdefault(row.variant.id, []).append(logits.clone())
            return take(row, logits, *rest)

        monkeypatch.setattr(Row, "take", recorded)

    def trace(self, result: Any) -> Trace:
        return Trace(result.token_ids, self.logits[result.id])


def assert_same(found: Trace, expected: Trace) -> None:
    """Token for token, and the logits of every step within the tolerance."""
    for step, (ours, theirs) in enumerate(zip(found.logits, expected.logits, strict=False)):
        difference = float((ours - theirs).abs().max())
        assert difference < TOLERANCE, f"logits differ by {difference:.2g} at step {step}"
    assert found.token_ids == expected.token_ids
    assert len(found.logits) == len(expected.logits)


def assert_each_is_itself(
    base: SharedBase,
    image: Image.Image,
    query: str,
    lines: list[str],
    steps: int,
    monkeypatch: pytest.MonkeyPatch,
    reference: Callable[[str], SharedBase] | None = None,
) -> None:
    """Variants that only select: each together is a full run with the dropped masked, and itself alone.

    `reference(line)` gives the base that the full run is made on: the same one, when None.
    """

    def traced(lines: list[str]) -> list[tuple[Any, Trace]]:
        with monkeypatch.context() as patch:
            recorder = Recorder(patch)
            results = run(base, image, query, lines, max_new_tokens=steps).results
            return [(result, recorder.trace(result)) for result in results]

    image_token = base.model.config.image_token_id
    for line, (result, trace) in zip(lines, traced(lines), strict=True):
        assert result.status == "done", result.error
        # A base of random weights may say an image token, which a full run takes for one of the image.
        until = min(steps, [*result.token_ids, image_token].index(image_token) + 1)
        whole = base if reference is None else reference(line)
        assert_same(trace.until(until), masked(whole, image, query, result.kept, until))
        ((_, alone),) = traced([line])
        assert_same(trace, alone)


def _without_end(base: SharedBase, ids: list[int]) -> tuple[int, ...]:
    return tuple(ids[:-1] if ids and ids[-1] in base.end_tokens else ids)
