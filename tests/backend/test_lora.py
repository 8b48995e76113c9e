"""LoRA adapters over the one base: PEFT's own answers, several at once, and a base that never changes."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from tests.support.adapters import LANGUAGE, TOWER, save_adapter
from tests.support.reference import (
    Recorder,
    assert_each_is_itself,
    assert_same,
    generated,
    picture,
)

from vlmscope import Maps, SharedBase, Variant, check_checkpoint, run, select
from vlmscope.checkpoints.adapter import WEIGHTS, read_lora
from vlmscope.engine.adapters import linear_modules

QUERY = "What colour is the star?"
STEPS = 8
IMAGE = picture(160, 96, seed=4)
TARGETS = {"language": LANGUAGE, "tower": TOWER, "both": [*LANGUAGE, *TOWER]}


@pytest.fixture(scope="module")
def adapters(base: SharedBase, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("adapters")
    return {
        name: save_adapter(folder / name, base.model, targets, seed)
        for seed, (name, targets) in enumerate(TARGETS.items())
    }


def active(base: SharedBase, folder: Path) -> SharedBase:
    """The base with the adapter as PEFT itself loads it, on a copy."""
    loaded: Any = PeftModel.from_pretrained(copy.deepcopy(base.model), folder)
    return replace(base, model=loaded.base_model.model.eval())


def weights(base: SharedBase) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in base.model.state_dict().items()}


def assert_unchanged(base: SharedBase, before: dict[str, torch.Tensor]) -> None:
    after = base.model.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert all(parameter.requires_grad for parameter in base.model.parameters())


@pytest.mark.parametrize("name", TARGETS)
def test_an_adapter_answers_as_plain_generate_with_it_active(
    base: SharedBase, adapters: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch
):
    recorder = Recorder(monkeypatch)
    lines = ["baseline", f"lora:{adapters[name]}"]
    plain, adapted = run(base, IMAGE, QUERY, lines, max_new_tokens=STEPS).results
    assert adapted.status == "done", adapted.error
    expected = generated(active(base, adapters[name]), IMAGE, QUERY, STEPS)
    assert_same(recorder.trace(adapted), expected)
    assert_same(recorder.trace(plain), generated(base, IMAGE, QUERY, STEPS))
    assert not torch.allclose(expected.logits[0], recorder.trace(plain).logits[0], atol=1e-2)


@pytest.mark.parametrize("seed", range(4))
def test_adapters_and_compressors_drawn_at_random_are_together_what_each_is_alone(
    base: SharedBase, adapters: dict[str, Path], seed: int, monkeypatch: pytest.MonkeyPatch
):
    draw = np.random.default_rng(seed)
    lines = ["baseline", *(f"lora:{folder}" for folder in adapters.values())]
    while len(lines) < 8:
        kind = draw.choice(["random", "uniform", "center", "divprune"])
        beside = draw.choice([*map(str, adapters.values()), ""])
        lora = f",lora={beside}" if beside else ""
        lines.append(f"{kind}:keep={draw.integers(1, 15)}{lora}")

    def reference(line: str) -> SharedBase:
        folder = next((f for f in adapters.values() if str(f) in line), None)
        return base if folder is None else active(base, folder)

    assert_each_is_itself(base, IMAGE, QUERY, lines, STEPS, monkeypatch, reference)


def test_image_features_are_shared_unless_the_adapter_is_on_the_tower(
    tiny: SharedBase, tmp_path: Path
):
    pixels = tiny.pixels(IMAGE)
    own, _ = tiny.features(pixels, tiny.plain)
    language = tiny.adapted([str(save_adapter(tmp_path / "a", tiny.model, LANGUAGE))])
    tower = tiny.adapted([str(save_adapter(tmp_path / "b", tiny.model, TOWER))])
    assert tiny.features(pixels, language)[0].merged is own.merged
    assert not torch.allclose(tiny.features(pixels, tower)[0].merged, own.merged, atol=1e-2)
    assert tiny.features(pixels, tower)[1] is None
    assert torch.equal(tiny.features(pixels, tiny.plain)[0].merged, own.merged)


def test_a_compressor_beside_an_adapter_on_the_tower_chooses_from_its_features(
    tiny: SharedBase, tmp_path: Path
):
    folder = save_adapter(tmp_path / "b", tiny.model, TOWER)
    lines = ["divprune:keep=5", f"divprune:keep=5,lora={folder}"]
    plain, adapted = select(tiny, IMAGE, QUERY, lines)
    assert isinstance(plain, Maps) and isinstance(adapted, Maps)
    assert not np.array_equal(plain.assign, adapted.assign)


def test_an_adapter_shares_every_tensor_of_the_base(tiny: SharedBase, tmp_path: Path):
    before = weights(tiny)
    adapted = tiny.adapted([str(save_adapter(tmp_path / "a", tiny.model, [*LANGUAGE, *TOWER]))])
    shared = {id(tensor) for tensor in tiny.model.parameters()}
    theirs = [p for name, p in adapted.model.named_parameters() if "lora_" not in name]
    assert len(theirs) == len(shared) and all(id(tensor) in shared for tensor in theirs)
    assert_unchanged(tiny, before)


@pytest.mark.parametrize(
    "settings",
    [
        {"use_rslora": True},
        {"rank_pattern": {"v_proj": 2}, "alpha_pattern": {"layers.1.self_attn.q_proj": 3}},
        {"target_modules": r".*language_model\.layers\.[12]\..*(q_proj|up_proj)"},
        {"target_modules": "all-linear"},
        {"layers_to_transform": [1]},
        {"lora_alpha": 4.5, "lora_dropout": 0.5, "task_type": "CAUSAL_LM"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_settings_of_peft_are_what_they_are_to_peft(
    tiny: SharedBase, tmp_path: Path, settings: dict, monkeypatch: pytest.MonkeyPatch
):
    folder = save_adapter(tmp_path / "adapter", tiny.model, seed=3, **settings)
    recorder = Recorder(monkeypatch)
    (result,) = run(tiny, IMAGE, QUERY, [f"lora:{folder}"], max_new_tokens=STEPS).results
    assert result.status == "done", result.error
    assert_same(recorder.trace(result), generated(active(tiny, folder), IMAGE, QUERY, STEPS))


def test_names_of_older_releases_are_those_of_now(tiny: SharedBase, tmp_path: Path):
    folder = save_adapter(tmp_path / "adapter", tiny.model, [*LANGUAGE, *TOWER])
    tensors = load_file(folder / WEIGHTS)
    older = {
        key.replace("model.model.language_model.", "model.model.").replace(
            "model.model.visual.", "model.visual."
        ): value
        for key, value in tensors.items()
    }
    assert older.keys() != tensors.keys()
    expected = run(tiny, IMAGE, QUERY, [f"lora:{folder}"], max_new_tokens=STEPS).results[0]
    save_file(older, folder / WEIGHTS)
    result = run(tiny, IMAGE, QUERY, [f"lora:{folder}"], max_new_tokens=STEPS).results[0]
    assert result.status == "done" and result.token_ids == expected.token_ids


def edited(folder: Path, **settings: object) -> None:
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


def piped(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def rewritten(folder: Path, change) -> None:
    tensors = load_file(folder / WEIGHTS)
    save_file(change(tensors), folder / WEIGHTS)


FIRST = "base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_A.weight"
REFUSED = {
    "another rank": (lambda f: edited(f, r=7), "rank 4"),
    "another method": (lambda f: edited(f, peft_type="IA3"), "IA3"),
    "DoRA": (lambda f: edited(f, use_dora=True), "use_dora"),
    "biases": (lambda f: edited(f, bias="all"), "bias="),
    "whole modules": (lambda f: edited(f, modules_to_save=["lm_head"]), "modules_to_save"),
    "another base": (lambda f: edited(f, init_lora_weights="pissa_niter_4"), "pissa_niter_4"),
    "a pattern": (lambda f: edited(f, rank_pattern={"(a+)+$": 4}), "(a+)+$"),
    "patterns that are none": (lambda f: edited(f, rank_pattern=[1]), "patterns as [1]"),
    "strengths that are none": (lambda f: edited(f, alpha_pattern="x"), "patterns as 'x'"),
    "a config that is a pipe": (lambda f: piped(f / "adapter_config.json"), "no regular file"),
    "no strength": (lambda f: edited(f, lora_alpha=0), "lora_alpha=0"),
    "a config cut short": (lambda f: (f / "adapter_config.json").write_text("{"), "cannot be read"),
    "no config": (lambda f: (f / "adapter_config.json").unlink(), "adapter_config.json"),
    "no weights": (lambda f: (f / WEIGHTS).unlink(), WEIGHTS),
    "a pickle": (lambda f: (f / WEIGHTS).rename(f / "adapter_model.bin"), "pickle"),
    "a tensor too many": (
        lambda f: rewritten(f, lambda t: t | {"x": t[FIRST].clone()}),
        "such as x",
    ),
    "a tensor too few": (
        lambda f: rewritten(f, lambda t: {k: v for k, v in t.items() if k != FIRST}),
        "lora_A of model.language_model.layers.0",
    ),
    "another width": (
        lambda f: rewritten(f, lambda t: t | {FIRST: torch.zeros(4, 100)}),
        "[4, 100] (expected [r, ",
    ),
    "NaN": (
        lambda f: rewritten(f, lambda t: t | {FIRST: t[FIRST] * torch.nan}),
        "NaN or infinite",
    ),
    "integers": (lambda f: rewritten(f, lambda t: t | {FIRST: t[FIRST].int()}), "I32"),
    "no layer of this base": (
        lambda f: rewritten(
            f, lambda t: {k.replace("layers.0", "layers.99"): v for k, v in t.items()}
        ),
        "layers.99",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_adapter_that_does_not_fit_is_refused_and_nothing_else_changes(
    tiny: SharedBase, tmp_path: Path, case: str
):
    damage, named = REFUSED[case]
    good = save_adapter(tmp_path / "good", tiny.model, [*LANGUAGE, *TOWER])
    bad = save_adapter(tmp_path / "bad", tiny.model, [*LANGUAGE, *TOWER], seed=1)
    before = weights(tiny)
    first = run(tiny, IMAGE, QUERY, [f"lora:{good}"], max_new_tokens=STEPS).results[0]
    damage(bad)
    lines = [f"lora:{bad}", f"lora:{good}", f"random:keep=3,lora={bad}"]
    refused, fine, beside = run(tiny, IMAGE, QUERY, lines, max_new_tokens=STEPS).results
    for result in (refused, beside):
        said = result.error or ""
        assert result.status == "failed" and named in said
        assert said.endswith(".") and "\n" not in said
    assert fine.status == "done" and fine.token_ids == first.token_ids
    assert_unchanged(tiny, before)


@pytest.mark.parametrize("case", REFUSED)
def test_a_check_of_an_adapter_never_raises(tiny: SharedBase, tmp_path: Path, case: str):
    folder = save_adapter(tmp_path / "bad", tiny.model, [*LANGUAGE, *TOWER])
    REFUSED[case][0](folder)
    report = check_checkpoint(str(folder), linear=linear_modules(tiny.model))
    assert report.ok == (case == "NaN")  # no tensor is read for a check
    assert report.ok or (report.reason or "").endswith(".")


def test_a_loaded_adapter_is_its_own_whatever_becomes_of_the_file(tiny: SharedBase, tmp_path: Path):
    folder = save_adapter(tmp_path / "mine", tiny.model)
    loaded = read_lora(str(folder), linear_modules(tiny.model))
    before = {name: low.a.clone() for name, low in loaded.modules.items()}
    with open(folder / WEIGHTS, "r+b") as file:
        file.write(os.urandom((folder / WEIGHTS).stat().st_size))
    os.truncate(folder / WEIGHTS, 100)
    assert all(torch.equal(low.a, before[name]) for name, low in loaded.modules.items())


def test_an_adapters_file_is_called_by_its_folder(tiny: SharedBase, tmp_path: Path):
    folder = save_adapter(tmp_path / "mine", tiny.model)
    by_folder, by_file = Variant("lora", str(folder)), Variant("lora", str(folder / WEIGHTS))
    assert by_folder.title == by_file.title == "LoRA · mine"
    beside = Variant("random", adapters=(str(folder / WEIGHTS),))
    assert beside.title.endswith("LoRA mine")
    results = run(tiny, IMAGE, QUERY, [by_folder, by_file], max_new_tokens=3).results
    assert results[0].token_ids == results[1].token_ids


def test_two_adapters_in_one_variant_are_refused(tiny: SharedBase, tmp_path: Path):
    folder = save_adapter(tmp_path / "a", tiny.model)
    (result,) = run(tiny, IMAGE, QUERY, [f"lora:{folder},lora={folder}"], max_new_tokens=1).results
    assert "one adapter" in (result.error or "")


def test_a_measured_adapter_has_figures_of_its_own(tiny: SharedBase, tmp_path: Path):
    folder = save_adapter(tmp_path / "a", tiny.model, TOWER)
    lines = ["baseline", f"lora:{folder}"]
    made = run(tiny, IMAGE, QUERY, lines, max_new_tokens=3, mode="measured", repeats=2)
    for result in made.results:
        assert result.metrics["vision_s"] > 0 and result.spreads["total_s"].n == 2


def test_word_maps_of_an_adapter_are_those_of_its_own_attention(tiny: SharedBase, tmp_path: Path):
    folder = save_adapter(tmp_path / "a", tiny.model)
    lines = ["baseline", f"lora:{folder}"]
    plain, adapted = run(tiny, IMAGE, QUERY, lines, max_new_tokens=3, word_maps=True).results
    assert len(adapted.words) == len(adapted.token_ids)
    assert not np.allclose(plain.words[0].values, adapted.words[0].values, atol=1e-4)
