"""The engine's answers are the model's own: tokens, and the logits of every step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tests.support.reference import (
    Recorder,
    assert_each_is_itself,
    assert_same,
    generated,
    masked,
    picture,
)

from vlmscope import SharedBase, run
from vlmscope.engine.features import ImageFeatures
from vlmscope.engine.prompt import Prompt
from vlmscope.values.plan import Plan

STEPS = 8

CASES = [
    (picture(160, 160, seed=1), "What colour is the star?"),
    (picture(288, 96, seed=2), "Describe the image."),
    (picture(70, 250, seed=3), "Où est l'étoile ★, 日本?"),
]
case = pytest.mark.parametrize(
    ("image", "query"), CASES, ids=["square", "wide", "tall with other scripts"]
)


@case
def test_baseline_is_plain_generate(
    base: SharedBase, image: Image.Image, query: str, monkeypatch: pytest.MonkeyPatch
):
    recorder = Recorder(monkeypatch)
    result = run(base, image, query, ["baseline"], max_new_tokens=STEPS)["baseline"]
    assert_same(recorder.trace(result), generated(base, image, query, STEPS))


@case
@pytest.mark.parametrize("line", ["random:keep=1.0", "uniform:keep=100%", "random:keep=999999"])
def test_keeping_every_token_is_the_baseline(
    base: SharedBase, image: Image.Image, query: str, line: str, monkeypatch: pytest.MonkeyPatch
):
    recorder = Recorder(monkeypatch)
    whole, kept_all = run(base, image, query, ["baseline", line], max_new_tokens=STEPS).results
    assert kept_all.metrics["image_tokens"] == kept_all.metrics["image_tokens_total"]
    assert_same(recorder.trace(kept_all), recorder.trace(whole))


@case
def test_a_subset_is_a_full_run_with_the_dropped_tokens_masked(
    base: SharedBase,
    image: Image.Image,
    query: str,
    head_file: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    recorder = Recorder(monkeypatch)
    lines = ["random:keep=50%,seed=3", "uniform:keep=25%", "uniform:keep=1", f"arr-coc:{head_file}"]
    for result in run(base, image, query, lines, max_new_tokens=STEPS).results:
        assert result.status == "done", result.error
        expected = masked(base, image, query, result.kept, STEPS)
        assert_same(recorder.trace(result), expected)


def drawn(seed: int, head: Path) -> tuple[Image.Image, str, list[str]]:
    """An image, a question and eight variants that only select, drawn at random."""
    generator = np.random.default_rng(seed)
    width, height = (int(side) for side in generator.integers(40, 400, 2))
    letters = "what is the ★ colour 日本 of? étoile\n0123 "
    query = "".join(generator.choice(list(letters), int(generator.integers(1, 80)))).strip() or "?"
    kinds = ["random", "uniform", "saliency", "center", "divprune", f"arr-coc:{head}"]
    lines = ["baseline"]
    while len(lines) < 8:
        kind = str(generator.choice(kinds))
        keep = generator.choice([str(int(generator.integers(1, 26))), f"{generator.random():.3f}"])
        comma = "," if ":" in kind else ":"
        lines.append(f"{kind}{comma}keep={keep if keep != '0.000' else '1'}")
    return picture(width, height, seed), query, lines


@pytest.mark.parametrize("seed", range(12))
def test_drawn_at_random_together_each_is_what_it_is_alone_and_what_masking_gives(
    seed: int, base: SharedBase, head_file: Path, monkeypatch: pytest.MonkeyPatch
):
    image, query, lines = drawn(seed, head_file)
    assert_each_is_itself(base, image, query, lines, STEPS, monkeypatch)


@case
@pytest.mark.parametrize("keep", ["9", "100%"])
def test_a_smaller_image_is_plain_generate_on_that_image(
    base: SharedBase, image: Image.Image, query: str, keep: str, monkeypatch: pytest.MonkeyPatch
):
    recorder = Recorder(monkeypatch)
    lines = ["uniform:keep=30%", f"downsample:keep={keep}"]
    result = run(base, image, query, lines, max_new_tokens=STEPS).results[1]
    assert result.image is not None
    assert_same(recorder.trace(result), generated(base, result.image.pixels, query, STEPS))


@case
def test_eight_variants_together_give_what_each_gives_alone(
    base: SharedBase,
    image: Image.Image,
    query: str,
    head_file: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    lines = [
        "baseline",
        "random:keep=50%",
        "random:keep=25%,seed=5",
        "random:keep=2",
        "uniform:keep=50%",
        "uniform:keep=12.5%",
        f"arr-coc:{head_file},keep=50%",
        f"arr-coc:{head_file},keep=0.2",
    ]
    with monkeypatch.context() as patch:
        recorder = Recorder(patch)
        together = run(base, image, query, lines, max_new_tokens=STEPS)
        traces = {result.id: recorder.trace(result) for result in together.results}
    for line in lines:
        with monkeypatch.context() as patch:
            recorder = Recorder(patch)
            (alone,) = run(base, image, query, [line], max_new_tokens=STEPS).results
            assert_same(traces[alone.id], recorder.trace(alone))


def zero_deepstack(monkeypatch: pytest.MonkeyPatch) -> None:
    for_plan: Any = ImageFeatures.for_plan

    def zeroed(features: ImageFeatures, plan: Plan):
        out: Any = for_plan(features, plan)
        out.deepstack_features = [(torch.zeros_like(level[0]),) for level in out.deepstack_features]
        return out

    monkeypatch.setattr(ImageFeatures, "for_plan", zeroed)


def swap_deepstack_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    for_plan: Any = ImageFeatures.for_plan

    def swapped(features: ImageFeatures, plan: Plan):
        out: Any = for_plan(features, plan)
        out.deepstack_features = out.deepstack_features[::-1]
        return out

    monkeypatch.setattr(ImageFeatures, "for_plan", swapped)


def take_the_first_tokens_of_deepstack(monkeypatch: pytest.MonkeyPatch) -> None:
    for_plan: Any = ImageFeatures.for_plan

    def first(features: ImageFeatures, plan: Plan):
        out: Any = for_plan(features, plan)
        count = out.pooler_output[0].shape[0]
        out.deepstack_features = [(level[:count],) for level in features.deepstack]
        return out

    monkeypatch.setattr(ImageFeatures, "for_plan", first)


def renumber_kept_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    keeping = Prompt.keeping

    def renumbered(prompt: Prompt, kept: np.ndarray) -> Prompt:
        out = keeping(prompt, kept)
        in_order = torch.arange(out.ids.numel()).expand(3, -1)
        return Prompt(out.ids, in_order, out.image_places, out.grid)

    monkeypatch.setattr(Prompt, "keeping", renumbered)


def begin_decoding_one_late(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Prompt.next_position.fget
    assert right is not None
    monkeypatch.setattr(Prompt, "next_position", property(lambda prompt: right(prompt) + 1))


@pytest.mark.parametrize(
    "fault",
    [
        zero_deepstack,
        swap_deepstack_levels,
        take_the_first_tokens_of_deepstack,
        renumber_kept_tokens,
        begin_decoding_one_late,
    ],
)
def test_these_tests_would_see(fault, base: SharedBase, monkeypatch: pytest.MonkeyPatch):
    image, query = CASES[0]
    recorder = Recorder(monkeypatch)
    fault(monkeypatch)
    (result,) = run(base, image, query, ["random:keep=50%,seed=3"], max_new_tokens=STEPS).results
    expected = masked(base, image, query, result.kept, STEPS)
    with pytest.raises(AssertionError, match="logits differ"):
        assert_same(recorder.trace(result), expected)


@pytest.mark.parametrize("fault", [zero_deepstack, swap_deepstack_levels, begin_decoding_one_late])
def test_the_baseline_test_would_see(fault, base: SharedBase, monkeypatch: pytest.MonkeyPatch):
    image, query = CASES[0]
    recorder = Recorder(monkeypatch)
    fault(monkeypatch)
    result = run(base, image, query, ["baseline"], max_new_tokens=STEPS)["baseline"]
    with pytest.raises(AssertionError, match="logits differ"):
        assert_same(recorder.trace(result), generated(base, image, query, STEPS))
