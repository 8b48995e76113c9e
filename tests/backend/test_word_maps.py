"""Where a variant looked as it wrote each token, and what it dropped of what the baseline saw."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.support.reference import picture, plain_inputs
from transformers import Qwen3VLForConditionalGeneration

from vlmscope import Evidence, Finished, InputError, Run, SharedBase, Token, compare, run
from vlmscope.engine.answer import Answer
from vlmscope.engine.attention import watched_layers
from vlmscope.engine.evidence import share_on_dropped
from vlmscope.engine.loading import shipped_folder
from vlmscope.engine.row import Row
from vlmscope.engine.sampling import Chooser
from vlmscope.values.selection import DROPPED
from vlmscope.values.sinks import attention_sinks
from vlmscope.values.variant import Variant

QUERY = "What colour is the star?"
LINES = ["baseline", "random:keep=50%,seed=3", "pool:keep=25%", "uniform:keep=3", "downsample"]


def watched(base: SharedBase, lines=LINES, steps: int = 6, **options) -> Run:
    image = picture(200, 120, seed=9)
    return run(base, image, QUERY, lines, max_new_tokens=steps, word_maps=True, **options)


@torch.no_grad()
def eager_maps(base: SharedBase, kept: np.ndarray, token_ids: tuple[int, ...]) -> list[np.ndarray]:
    """From full eager attention matrices of one pass over prompt and answer, dropped ones masked."""
    folder = shipped_folder() if base.name == "shipped" else base.name
    model = Qwen3VLForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    inputs = plain_inputs(base, picture(200, 120, seed=9), QUERY)
    types = inputs.pop("mm_token_type_ids")
    places = types[0].nonzero()[:, 0]
    positions, _ = model.model.get_rope_index(
        inputs["input_ids"], mm_token_type_ids=types, image_grid_thw=inputs["image_grid_thw"]
    )
    mask = torch.ones_like(types)
    mask[0, places] = 0
    mask[0, places[torch.from_numpy(kept)]] = 1
    prompt = types.shape[1]
    written = torch.tensor([token_ids])[:, :-1]
    inputs["input_ids"] = torch.cat([inputs["input_ids"], written], dim=1)
    after = positions.amax() + 1 + torch.arange(written.shape[1]).expand(3, 1, -1)
    out = model(
        **inputs,
        attention_mask=torch.cat([mask, torch.ones_like(written)], dim=1),
        position_ids=torch.cat([positions, after], dim=2),
        output_attentions=True,
    )
    layers = watched_layers(len(out.attentions))
    mean = torch.stack([out.attentions[layer][0].mean(0) for layer in layers]).mean(0)
    return [mean[prompt - 1 + i][places].numpy() for i in range(len(token_ids))]


@pytest.mark.parametrize("line", ["baseline", "random:keep=50%,seed=3", "uniform:keep=3"])
def test_each_tokens_map_equals_eager_attention(base: SharedBase, line: str):
    result = {r.id: r for r in watched(base).results}[watched(base, [line]).results[0].id]
    assert len(result.words) == len(result.token_ids) > 0
    if base.model.config.image_token_id in result.token_ids:
        pytest.skip("the random base wrote an image token, which one full pass would misread")
    expected = eager_maps(base, result.kept, result.token_ids)
    for word, eager in zip(result.words, expected, strict=True):
        found = word.values.ravel()
        assert np.array_equal(np.flatnonzero(~np.isnan(found)), result.kept)
        np.testing.assert_allclose(found[result.kept], eager[result.kept], atol=1e-5)


def test_together_each_has_the_maps_that_it_has_alone(base: SharedBase):
    for together in watched(base).results:
        (alone,) = watched(base, [str(together.variant)]).results
        assert alone.token_ids == together.token_ids
        for one, other in zip(alone.words, together.words, strict=True):
            assert (one.start, one.end) == (other.start, other.end)
            np.testing.assert_allclose(one.values, other.values, atol=1e-5)


def test_watching_changes_no_answer(base: SharedBase):
    image = picture(200, 120, seed=9)
    plain = run(base, image, QUERY, LINES, max_new_tokens=6)
    assert [r.token_ids for r in watched(base).results] == [r.token_ids for r in plain.results]
    assert all(not r.words and "lost_evidence" not in r.metrics for r in plain.results)


def test_the_first_map_is_that_of_the_prompt_and_maps_stream_with_their_tokens(tiny):
    image = picture(200, 120, seed=9)
    events = list(compare(tiny, image, QUERY, LINES, max_new_tokens=4, word_maps=True))
    done = {event.index: event.result for event in events if isinstance(event, Evidence | Finished)}
    for index, result in done.items():
        own = [event for event in events if isinstance(event, Token) and event.index == index]
        assert [event.token_id for event in own] == list(result.token_ids)
        for event, word in zip(own, result.words, strict=True):
            assert event.attention is not None
            assert np.array_equal(event.attention, word.values, equal_nan=True)
        first = result.maps["attention"].values
        assert own[0].attention is not None
        assert np.array_equal(own[0].attention, first, equal_nan=True)


def test_tokens_of_one_character_share_its_span(tiny: SharedBase):
    answer = [tiny.tokenizer(text)["input_ids"] for text in ("a", "星", "b")]
    ids = [token for part in answer for token in part]
    assert len(answer[1]) > 1
    row = Row(0, Variant("baseline"), Chooser(0.0, 0), Answer(tiny.tokenizer))
    for token in ids:
        logits = torch.zeros(len(tiny.tokenizer))
        logits[token] = 1
        list(row.take(logits, frozenset(), 99, np.zeros((1, 1), np.float32)))
    words = row.result("done").words
    spans = [(word.start, word.end) for word in words]
    assert spans == [(0, 1), *[(1, 2)] * len(answer[1]), (2, 3)]


class TestLostEvidence:
    def test_it_is_the_share_of_the_baselines_attention_on_what_was_dropped(self, base):
        done = watched(base)
        baseline = done["baseline"]
        for result in done.results[:4]:
            assert result.assign is not None
            dropped = result.assign.ravel() == DROPPED
            assert len(result.lost) == len(baseline.words)
            for share, word in zip(result.lost, baseline.words, strict=True):
                looked = word.values.ravel()
                assert share == pytest.approx(looked[dropped].sum() / looked.sum(), abs=1e-6)
            assert result.metrics["lost_evidence"] == pytest.approx(100 * np.mean(result.lost))
        assert baseline.metrics["lost_evidence"] == 0
        assert done.results[2].metrics["lost_evidence"] == 0  # merged is not dropped

    def test_an_image_of_its_own_has_none_of_the_baselines_tokens(self, tiny):
        small = watched(tiny).results[4]
        assert small.words and not small.lost and "lost_evidence" not in small.metrics

    def test_without_a_baseline_there_is_none(self, tiny):
        assert all(not result.lost for result in watched(tiny, ["uniform", "random"]).results)

    def test_a_baseline_that_was_stopped_is_no_measure(self, tiny, square):
        seen: list[Token] = []
        events = compare(
            tiny,
            square,
            QUERY,
            ["baseline", "uniform"],
            word_maps=True,
            stop=lambda: len(seen) > 6,
        )
        for event in events:
            assert not isinstance(event, Evidence)
            if isinstance(event, Token):
                seen.append(event)

    def test_a_map_without_any_attention_loses_nothing(self):
        assert share_on_dropped(np.zeros((1, 2)), np.array([[0, DROPPED]], np.uint16)) == 0


class TestSinks:
    def test_a_token_that_gets_ten_times_the_mean_at_every_step_is_one(self):
        steps = [np.full((5, 5), 0.01, np.float32) for _ in range(4)]
        for step in steps:
            step[1, 2] = 1.0
        steps[0][3, 3] = 1.0  # only once: what this token needed
        found = attention_sinks(steps)
        assert found is not None and np.argwhere(found).tolist() == [[1, 2]]

    def test_dropped_tokens_are_none_and_few_steps_say_nothing(self):
        steps = [np.full((5, 5), np.nan, np.float32) for _ in range(4)]
        found = attention_sinks(steps)
        assert found is not None and not found.any()
        assert attention_sinks(steps[:3]) is None

    def test_they_are_marked_on_the_attention_map(self, tiny, monkeypatch):
        found = np.zeros((4, 6), dtype=bool)
        found[0, 1] = True
        monkeypatch.setattr("vlmscope.values.looks.attention_sinks", lambda looks: found)
        result = watched(tiny, ["baseline"]).results[0]
        marked = result.maps["attention"].sinks
        assert marked is not None and np.array_equal(marked, found)


def test_a_saved_run_keeps_words_sinks_and_what_was_lost(tiny, tmp_path, monkeypatch):
    found = np.eye(4, 6, dtype=bool)
    monkeypatch.setattr("vlmscope.values.looks.attention_sinks", lambda looks: found)
    done = watched(tiny)
    done.save(tmp_path / "run.json")
    for before, after in zip(done.results, Run.load(tmp_path / "run.json").results, strict=True):
        assert before.lost == after.lost
        marked = [result.maps["attention"].sinks for result in (before, after)]
        assert all(sinks is not None and sinks.any() for sinks in marked)
        for one, other in zip(before.words, after.words, strict=True):
            assert (one.start, one.end) == (other.start, other.end)
            assert np.array_equal(one.values, other.values, equal_nan=True)


def test_watching_is_no_part_of_measuring(tiny, square):
    with pytest.raises(InputError, match="word_maps=True needs mode='together'"):
        run(tiny, square, QUERY, ["baseline"], mode="measured", word_maps=True)
    with pytest.raises(InputError, match="word_maps='yes' cannot be used"):
        run(tiny, square, QUERY, ["baseline"], word_maps="yes")
