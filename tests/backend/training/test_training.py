"""The recipe does what it says: packing is exact, held-out stays held out, stages resume."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from transformers import AutoImageProcessor

from training.__main__ import main
from training.base_model import new_model, patches, save_base
from training.base_stages import BaseTraining, make_tokenizer, schedule
from training.batches import IGNORE, WHATS, make_batch, pack, prompt_parts, token_targets
from training.card import paired
from training.dropping import contrast, kept_tokens
from training.gating import GATED, gating
from training.head_data import draw_rows, influence, make_pool
from training.head_stages import HeadTraining, new_state, ranking_loss, token_scores
from training.held_out import HeldOut, held_out_cases, most_frequent, random_keeps
from training.packed import answer_logits, exact, see
from training.questions import TYPES, describe, sample_questions, zone
from training.recipe import SMOKE, HeadRun, Recipe, Stage
from training.scenes import GRIDS, Item, draw, is_held_out, sample_scene
from training.suite import make_suite
from vlmscope import SharedBase, read_suite, run
from vlmscope.arr_coc import ArrCoc
from vlmscope.checkpoints.head import load_head
from vlmscope.values.selection import resample


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer(seed=0, scenes=200)


@pytest.fixture(scope="module")
def model(tokenizer):
    model = new_model(tokenizer, seed=3).eval()
    for weight in model.parameters():  # random weights at their default scale hardly differ
        if weight.ndim > 1:
            weight.data.mul_(3)
    return model.requires_grad_(False)


@pytest.fixture
def batch(tokenizer, model):
    return make_batch("scenes", 4, 0, 3, tokenizer, model.config.image_token_id, questions=4)


def test_patches_are_those_of_the_real_image_processor(tokenizer, model, tmp_path):
    save_base(model, tokenizer, tmp_path)
    processor = AutoImageProcessor.from_pretrained(tmp_path, backend="pil")
    for grid in GRIDS:
        image = draw(sample_scene(np.random.default_rng(1), grid))
        wanted = processor(images=[image], return_tensors="pt")
        assert wanted["image_grid_thw"].tolist() == [[1, grid[0] * 2, grid[1] * 2]]
        torch.testing.assert_close(patches(torch.from_numpy(image)[None]), wanted["pixel_values"])


def test_a_new_base_tells_places_apart_and_neighbours_are_alike(tokenizer):
    table = (
        new_model(tokenizer, seed=0).model.visual.pos_embed.weight.detach().unflatten(0, (24, 24))
    )
    apart = (table - table[12, 12]).norm(dim=-1)
    near = [apart[12, 13], apart[13, 12], apart[11, 12]]
    far = [apart[0, 12], apart[12, 0], apart[23, 23]]
    assert max(near) < 0.5 * min(far)
    assert (apart == 0).sum() == 1
    middle = (table[12, 12] + table[12, 13]) / 2  # what an image between two places is given
    assert (middle - table[12, 12]).norm() < min(far) / 4


def test_a_packed_questions_logits_are_the_plain_models(tokenizer, model, batch):
    logits, labels = answer_logits(model, batch, see(model, batch.images))
    start = 0
    for row, questions in enumerate(batch.asked):
        image = batch.images[row : row + 1]
        rows, cols = batch.grid
        for question in questions:
            before, after = prompt_parts(tokenizer, question.text)
            answer = tokenizer.encode(question.answer)
            image_ids = [model.config.image_token_id] * (rows * cols)
            ids = torch.tensor([before + image_ids + after + answer])
            plain = model(
                input_ids=ids,
                pixel_values=patches(image),
                image_grid_thw=torch.tensor([[1, rows * 2, cols * 2]]),
                mm_token_type_ids=(ids == model.config.image_token_id).int(),
            ).logits[0, -len(answer) - 1 :]
            mine = logits[start : start + len(plain)]
            torch.testing.assert_close(mine, plain, atol=1e-4, rtol=1e-4)
            wanted = [*answer, tokenizer.eos_token_id]
            assert labels[start : start + len(plain)].tolist() == wanted
            start += len(plain)
    assert start == len(logits)


def test_dropping_image_tokens_equals_masking_them(model, batch):
    features = see(model, batch.images)
    tokens = features.tokens.shape[1]
    kept = torch.stack([torch.randperm(tokens)[: tokens // 2].sort().values for _ in batch.images])
    dropped, _ = answer_logits(model, batch, features, kept)
    visible = torch.ones(batch.ids.shape, dtype=torch.bool)
    visible[:, batch.first_image : batch.first_image + tokens] = False
    visible.scatter_(1, kept + batch.first_image, True)
    itself = torch.eye(visible.shape[1], dtype=torch.bool)
    masked, _ = answer_logits(
        model, batch, features, attention_mask=visible[:, None, :] | itself[None]
    )
    torch.testing.assert_close(dropped, masked, atol=1e-4, rtol=1e-4)


def test_a_gate_of_ones_and_noughts_equals_dropping(model, batch):
    features = see(model, batch.images)
    tokens, first = features.tokens.shape[1], batch.first_image
    kept = torch.rand(len(batch.ids), tokens).topk(tokens // 3).indices.sort(1).values
    keys = torch.ones(batch.ids.shape)
    keys[:, first : first + tokens] = torch.zeros(len(kept), tokens).scatter_(1, kept, 1.0)
    with gating(keys):
        logits, _ = answer_logits(model, batch, features, attention=GATED)
    wanted, _ = answer_logits(model, batch, features, kept)
    torch.testing.assert_close(logits, wanted, atol=1e-4, rtol=1e-4)


def test_scores_that_rank_what_helps_first_have_the_lowest_loss():
    gains = torch.tensor([[0.0, 3.0, -2.0, 1.0], [0.0, 0.0, 0.01, 0.0]])
    likelier, nothing = gains.clamp_min(0) / 30, torch.zeros(2, 4)
    flat = ranking_loss(nothing, gains)
    assert ranking_loss(likelier, gains) < flat < ranking_loss(-likelier, gains)
    misled = likelier * torch.tensor([[1.0], [-100.0]])  # wrong where nothing is at stake
    assert ranking_loss(misled, gains) < flat
    assert torch.isfinite(ranking_loss(nothing, nothing))


def test_an_answer_is_exact_only_when_each_of_its_tokens_is(batch):
    asked = batch.labels != IGNORE
    predicted = batch.labels[asked].clone()
    assert all(all(row) for row in exact(batch, predicted))
    predicted[-1] += 1
    verdicts = exact(batch, predicted)
    assert [row.count(False) for row in verdicts] == [0, 0, 1]
    assert verdicts[2][-1] is False


def test_training_never_draws_a_held_out_scene(tokenizer, monkeypatch):
    from training import batches

    seen = []
    plain = batches.draw
    monkeypatch.setattr(batches, "draw", lambda scene: seen.append(scene) or plain(scene))
    for step in range(10):
        make_batch("scenes", 0, step, 16, tokenizer, 0, questions=1)
        make_batch("crops", 0, step, 16, tokenizer, 0, questions=1)
    cases = held_out_cases(per_type=5)
    assert len(seen) == 320 and not any(is_held_out(scene) for scene in seen)
    assert all(is_held_out(case.scene) for case in cases)
    assert not {scene.digest() for scene in seen} & {case.scene.digest() for case in cases}


def test_a_step_is_the_same_batch_whenever_it_is_made(tokenizer):
    first, again = (make_batch("scenes", 1, 7, 4, tokenizer, 0, questions=3) for _ in range(2))
    assert torch.equal(first.images, again.images)
    assert first.ids is not None and again.ids is not None and torch.equal(first.ids, again.ids)
    assert not torch.equal(
        first.images[:, :256, :256],
        make_batch("scenes", 1, 8, 4, tokenizer, 0, 3).images[:, :256, :256],
    )


def test_questions_of_every_type_have_the_answer_that_the_scene_decides():
    red = Item("star", 48, 48, 40, 40, colour="red", rgb=(214, 40, 40))
    blue = Item("circle", 270, 270, 60, 60, colour="blue", rgb=(38, 84, 214))
    tag = Item("tag", 160, 60, 30, 32, text="7", size=24)
    rng = np.random.default_rng(0)
    scene = dataclasses.replace(sample_scene(rng), items=(red, blue, tag), texture="dots")
    asked = {q.text: q.answer for _ in range(40) for q in sample_questions(scene, rng, 12)}
    assert asked["What colour is the star?"] == "red"
    assert asked["Where is the star?"] == "top left"
    assert asked["Where is the circle?"] == "bottom right"
    assert asked["What does the tag say?"] == "7"
    assert asked["How many shapes are there?"] == "2"
    assert asked["Describe the image."] == "blue circle, red star, tag on dotted ground"
    assert zone(scene, 160, 160) == "centre" and zone(scene, 106, 160) is None
    what, _, centre = token_targets(scene)
    assert what.reshape(10, 10)[1, 1] == WHATS.index("star")
    assert centre.sum() == 3 and describe(scene).startswith("blue circle")


def test_a_difference_is_paired_case_by_case():
    mine, its = [True] * 90 + [False] * 10, [True] * 80 + [False] * 20
    nested = paired(mine, its)
    assert nested["difference"] == pytest.approx(0.1) and nested["low"] > 0.04
    crossed = paired(mine, its[::-1])  # as many right, on other cases: less sure
    assert crossed["difference"] == pytest.approx(0.1) and crossed["low"] < nested["low"]


def test_held_out_cases_are_as_many_of_each_type_and_all_different():
    cases = held_out_cases(per_type=6)
    assert [sum(case.question.type == kind for case in cases) for kind in TYPES] == [6] * 4
    assert len({case.digest() for case in cases}) == 24
    assert 4 <= sum(most_frequent(cases)) <= 24


def test_the_suite_is_the_same_bytes_each_time_and_all_of_it_held_out(tmp_path, monkeypatch):
    from training import suite

    seen = []
    monkeypatch.setattr(suite, "draw", lambda scene: seen.append(scene) or draw(scene))
    first, again = (make_suite(tmp_path / name, per_type=3) for name in ("first", "again"))
    files = {path.name: path.read_bytes() for path in first.parent.rglob("*.*")}
    assert files == {path.name: path.read_bytes() for path in again.parent.rglob("*.*")}
    assert first.name == "held_out_12.json" and all(is_held_out(scene) for scene in seen)
    cases = read_suite(first).cases
    assert [sum(case.type == kind for case in cases) for kind in TYPES] == [3] * 4
    assert len({(case.image, case.type) for case in cases}) == 12


def test_the_heads_token_scores_are_the_engines(tokenizer, model):
    head = ArrCoc(new_state(192, 0), 192)
    seen = make_pool(model, tokenizer, seed=5, batches=1, size=2)[0]
    queries = torch.randn(2, 192)
    scores, _ = token_scores(head, seen.textures, queries, seen.batch.grid)
    for row in range(2):
        plain = head.score_texture(seen.textures[row], queries[row]).balanced.numpy()
        wanted = resample(plain, *seen.batch.grid)
        np.testing.assert_allclose(scores[row].numpy(), wanted.ravel(), atol=1e-6)


def test_a_stage_goes_on_where_it_stopped(tokenizer, tmp_path):
    for folder in ("whole", "part"):
        tokenizer.save_pretrained(tmp_path / folder / "tokenizer")
    whole = BaseTraining(tmp_path / "whole", SMOKE, seed=1)
    whole.run()
    first = dataclasses.replace(SMOKE, stages=SMOKE.stages[:1])
    BaseTraining(tmp_path / "part", first, seed=1).run()
    resumed = BaseTraining(tmp_path / "part", SMOKE, seed=1)
    assert (resumed.stage, resumed.step) == (1, 0)
    resumed.run()
    for (name, one), other in zip(
        whole.model.named_parameters(), resumed.model.parameters(), strict=True
    ):
        torch.testing.assert_close(one, other, msg=name)


def test_two_workers_train_on_two_parts_of_a_step(tokenizer, tmp_path, monkeypatch):
    from training import base_stages

    asked = []
    monkeypatch.setattr(
        base_stages, "stream", lambda first, last, **options: asked.append(options) or ()
    )
    stage = Stage("scenes", steps=1, batch=16, rate=1e-3, muon=1e-3, floor=0.5)
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    for worker in range(2):
        BaseTraining(tmp_path, Recipe((stage,), (), ()), worker=worker, workers=2).run()
        (tmp_path / "base.pt").unlink(missing_ok=True)
    assert [(options["part"], options["size"]) for options in asked] == [(0, 8), (1, 8)]
    one, other = (make_batch("scenes", 1, 7, 4, tokenizer, 0, 3, part=part) for part in range(2))
    assert one.grid == other.grid and not torch.equal(one.images, other.images)


def test_a_step_that_drops_tokens_learns_at_the_schedules_rate(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    stage = Stage(
        "scenes", steps=9, batch=2, rate=1e-3, muon=2e-3, floor=0.1, tower=0.5, dropping=1.0
    )
    training = BaseTraining(tmp_path, Recipe((stage,), (), ()))
    image_token = training.model.config.image_token_id
    batch = make_batch("scenes", 0, 0, 2, tokenizer, image_token, questions=2)
    assert "dropped" in training._train_step(stage, batch, share=0.25)
    rates = {
        (group["rate"], group["tower"]): group["lr"]
        for optimiser in training.optimisers
        for group in optimiser.param_groups
    }
    assert rates == pytest.approx(
        {
            ("muon", True): 2.5e-4,
            ("muon", False): 5e-4,
            ("rate", True): 1.25e-4,
            ("rate", False): 2.5e-4,
        }
    )


def test_dropping_is_even_in_patches_or_by_contrast(batch):
    draw = torch.Generator().manual_seed(0)
    rank = contrast(batch.images).argsort(1).argsort(1).float()
    counts, likings = set(), []
    for _ in range(60):
        kept = kept_tokens(batch.images, draw)
        assert (kept[:, 1:] > kept[:, :-1]).all() and kept.max() < rank.shape[1]
        counts.add(kept.shape[1])
        if kept.shape[1] < 0.6 * rank.shape[1]:
            likings += rank.gather(1, kept).mean(1).div(rank.shape[1] / 2).tolist()
    assert len(counts) > 20 and min(counts) < 0.3 * rank.shape[1]
    assert 0.75 < sorted(likings)[len(likings) // 4] < 1.1  # most do not look at contrast
    assert max(likings) > 1.3  # some do


def test_influence_is_the_gradient_of_the_gates(tokenizer, model):
    seen = make_pool(model, tokenizer, seed=5, batches=1, size=2)[0]
    rows = draw_rows(model, tokenizer, seen, 1, torch.Generator().manual_seed(0))
    found = influence(model, rows, 1, torch.Generator().manual_seed(4))
    draw = torch.Generator().manual_seed(4)
    share = 0.1 + 0.5 * torch.rand(2, 1, generator=draw)
    gate = (torch.rand(found.shape, generator=draw) < share).float()
    assert rows.batch.ids is not None
    keys = torch.ones(rows.batch.ids.shape)
    first, tokens = rows.batch.first_image, found.shape[1]

    def loss(values):
        keys[:, first : first + tokens] = values
        with gating(keys):
            logits, labels = answer_logits(model, rows.batch, rows.features, attention=GATED)
        return torch.nn.functional.cross_entropy(logits, labels, reduction="sum").item()

    for row, token in ((0, 3), (1, 40)):
        step = torch.zeros_like(gate)
        step[row, token] = 0.02
        slope = (loss(gate + step) - loss(gate - step)) / 0.04
        assert found[row, token].item() == pytest.approx(-slope, abs=2e-3, rel=0.05)


def test_a_head_run_ships_checkpoints_that_the_engine_loads(tokenizer, model, tmp_path):
    run = HeadRun("tiny", "a test", steps=4, ship=(2, 4))
    pool = make_pool(model, tokenizer, seed=6, batches=1, size=2)
    HeadTraining(tmp_path, run, model, tokenizer).train(pool, pool, tmp_path / "out", {"images": 2})
    early, late = sorted((tmp_path / "out").glob("*.safetensors"))
    assert (early.stem, late.stem) == ("tiny_step-0002", "tiny_step-0004")
    heads = [load_head(str(file), 192).head for file in (early, late)]
    key = "participatory_scorer.texture_proj.0.weight"
    assert not torch.equal(heads[0].state[key], heads[1].state[key])
    bench = HeldOut(model, tokenizer, held_out_cases(per_type=1))
    assert len(bench.exact(bench.head_keeps(heads[0], 0.5))) == 4
    assert len(bench.exact(random_keeps(0, 0.25))) == 4
    log = (tmp_path / "head-tiny.jsonl").read_text().splitlines()
    assert "hard_50%" in json.loads(log[0])


def test_the_whole_recipe_runs_in_small(tmp_path):
    main(["all", "--smoke", "--state", str(tmp_path), "--threads", "1"])
    assets = tmp_path / "assets"
    card = (assets / "base" / "README.md").read_text()
    assert "| full image | 100 % |" in card and "| smoke_step-0004 | 25 % |" in card
    assert json.loads((tmp_path / "logs" / "held_out.json").read_text())["cases"] == 8
    assert SharedBase.load(assets / "base").hidden_size == 192
    assert len(list((assets / "checkpoints").glob("*.safetensors"))) == 3
    assert "| smoke-lora over random tokens, seed 0 | 25 % |" in card
    base = SharedBase.load(assets / "base", device="cpu")
    lines = ["baseline", f"lora:{assets / 'checkpoints' / 'smoke-lora'}"]
    answers = run(base, np.zeros((64, 64, 3), np.uint8), "What?", lines, max_new_tokens=2)
    assert [result.status for result in answers.results] == ["done", "done"]
    assert len(json.loads((assets / "examples" / "examples.json").read_text())) == 24
    assert len(read_suite(assets / "suites" / "held_out_8.json").cases) == 8


def test_the_learning_rate_rises_then_falls_to_its_floor():
    stage = Stage("crops", steps=1000, batch=1, rate=1.0, muon=1.0, floor=0.1)
    rates = [schedule(step, stage) for step in range(1001)]
    assert rates[0] < 0.05 and max(rates) == rates[60] == 1.0
    assert rates[1000] == pytest.approx(0.1)


def test_padding_of_unlike_rows_changes_no_label(tokenizer):
    rng = np.random.default_rng(2)
    scenes = [sample_scene(rng) for _ in range(2)]
    long, short = sample_questions(scenes[0], rng, 5), sample_questions(scenes[1], rng, 1)
    ids, labels, _, blocks, _ = pack(tokenizer, (10, 10), [long, short], 5)
    alone_ids, alone_labels, *_ = pack(tokenizer, (10, 10), [short], 5)
    size = alone_ids.shape[1]
    assert torch.equal(ids[1, :size], alone_ids[0])
    assert torch.equal(labels[1, :size], alone_labels[0])
    assert (blocks[1, size:] == -1).all() and (labels[1, size:] == IGNORE).all()
