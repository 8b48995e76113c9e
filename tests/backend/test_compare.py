"""How a comparison behaves: its events, its failures, its cancellation, its users."""

from __future__ import annotations

import gc
import itertools
import re
import threading
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image
from tests.support.heads import make_state, save_head
from tests.support.reference import Recorder, assert_same, picture

from vlmscope import (
    METRICS,
    Failed,
    Finished,
    InputError,
    Maps,
    Plan,
    Result,
    SharedBase,
    Started,
    Stopped,
    Token,
    TokenMap,
    Variant,
    compare,
    metrics_for,
    run,
)
from vlmscope.engine.decode import Batch
from vlmscope.engine.work import Work
from vlmscope.variants.registry import Kind, register, unregister


def why(result: Result) -> str:
    """The sentence of a variant that failed."""
    assert result.status == "failed" and result.error is not None
    return result.error


QUERY = "What colour is the star?"


@pytest.fixture
def kind():
    """Registers kinds for one test."""
    names = []

    def add(name: str, plan) -> str:
        class Added:
            summary, options, source = "for a test", frozenset({"keep"}), False

            def __init__(self, variant: Variant) -> None:
                self.variant = variant

            def plan(self, context):
                return plan(context)

        register(name, cast("type[Kind]", Added))
        names.append(name)
        return name

    yield add
    for name in names:
        unregister(name)


def count_vision(base: SharedBase, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []
    forward = base.model.model.visual.forward

    def counted(*args, **kwargs):
        calls.append(1)
        return forward(*args, **kwargs)

    monkeypatch.setattr(base.model.model.visual, "forward", counted)
    return calls


def test_the_vision_tower_runs_once_for_eight_variants(tiny, monkeypatch):
    calls = count_vision(tiny, monkeypatch)
    image = picture(150, 150, seed=77)
    lines = ["baseline", *(f"random:seed={seed}" for seed in range(7))]
    run(tiny, image, QUERY, lines, max_new_tokens=2)
    assert len(calls) == 1


def test_a_second_question_about_an_image_needs_no_vision(tiny, monkeypatch):
    image = picture(150, 150, seed=78)
    run(tiny, image, QUERY, ["baseline"], max_new_tokens=1)
    calls = count_vision(tiny, monkeypatch)
    run(tiny, image, "And the circle?", ["uniform"], max_new_tokens=1)
    assert calls == []


def test_events_come_in_order_and_end_each_variant_once(tiny, square):
    lines = ["baseline", "uniform:keep=3", "nosuch"]
    events = list(compare(tiny, square, QUERY, lines, max_new_tokens=4))
    assert isinstance(events[0], Started) and events[0].image.tokens == 25
    for index in range(3):
        own = [e for e in events if not isinstance(e, Started) and e.index == index]
        ends = [e for e in own if isinstance(e, Finished | Failed | Stopped)]
        assert ends == [own[-1]]
    first = [e.name for e in events if getattr(e, "index", None) == 1]
    assert first[:3] == ["maps", "maps", "token"]


def test_rows_stream_side_by_side(tiny, square):
    events = list(compare(tiny, square, QUERY, ["baseline", "uniform"], max_new_tokens=5))
    order = [e.index for e in events if isinstance(e, Token)]
    assert order[:4] == [0, 1, 0, 1]


def test_streamed_text_adds_up_to_the_answer(base, square):
    events = list(compare(base, square, "Describe it.", ["baseline", "random"], max_new_tokens=24))
    for finished in (e for e in events if isinstance(e, Finished)):
        streamed = ""
        for token in (e for e in events if isinstance(e, Token) and e.index == finished.index):
            assert token.start == len(streamed)
            streamed += token.text
            assert token.end == len(streamed)
        left = finished.result.answer.removeprefix(streamed)
        assert streamed + left == finished.result.answer and not left.strip("\ufffd")
        assert finished.result.answer == base.tokenizer.decode(
            finished.result.token_ids, skip_special_tokens=True
        )


def test_only_what_was_measured_is_given(tiny):
    image = picture(160, 160, seed=82)
    result = run(tiny, image, QUERY, ["uniform:keep=40%"], max_new_tokens=3).results[0]
    assert set(result.metrics) == {metric.key for metric in METRICS} - {"lost_evidence"}
    parts = ("vision_s", "select_s", "prefill_s")
    assert result.metrics["ttft_s"] == pytest.approx(sum(result.metrics[part] for part in parts))
    assert (result.metrics["image_tokens"], result.metrics["image_tokens_total"]) == (10, 25)
    prompt = tiny.prompt(QUERY, tiny.pixels(image)).ids.numel() - 15
    # layers × (keys and values) × key-value heads × head size × bytes of a float32
    assert result.metrics["kv_mib"] == prompt * 4 * 2 * 2 * 32 * 4 / 2**20


def test_a_vision_tower_that_did_not_run_took_no_time(tiny):
    image = picture(160, 160, seed=83)
    lines = ["baseline", "uniform"]
    first = run(tiny, image, QUERY, lines, max_new_tokens=1).results
    again = run(tiny, image, "And the circle?", lines, max_new_tokens=1).results
    assert first[0].metrics["vision_s"] == first[1].metrics["vision_s"] > 0
    for before, result in zip(first, again, strict=True):
        assert before.metrics.keys() - result.metrics.keys() == {"vision_s", "ttft_s"}


def test_seconds_of_a_run_together_judge_no_variant():
    seconds = [metric for metric in METRICS if metric.unit == "s"]
    assert {metric.key for metric in seconds} == {"vision_s", "select_s", "prefill_s", "ttft_s"}
    assert all(metric.better is None and "take turns" in metric.help for metric in seconds)
    measured = {metric.key: metric for metric in metrics_for("measured")}
    assert list(measured)[: len(METRICS)] == [metric.key for metric in METRICS]
    for metric in METRICS:
        better = "lower" if metric in seconds else metric.better
        assert measured[metric.key].better == better
    assert "take turns" not in measured["prefill_s"].help


def test_the_stamp_says_under_which_conditions(tiny, square, tiny_folder):
    stamp = run(tiny, square, QUERY, ["baseline"], max_new_tokens=1).stamp
    assert stamp["base"] == str(tiny_folder) and stamp["dtype"] == "float32"
    assert stamp["mode"] == "together" and stamp["versions"]["torch"] == torch.__version__
    assert set(stamp) == {
        *("hardware", "device", "dtype", "base", "revision", "versions", "mode", "repeats")
    }


def test_a_random_choice_depends_on_its_seed_alone(tiny, square):
    lines = ["random:seed=1", "random:seed=2", "random:seed=1,keep=20%"]
    first, other, fewer = run(tiny, square, QUERY, lines, max_new_tokens=1).results
    again = run(tiny, square, "Anything else?", ["random:seed=1"], max_new_tokens=1).results[0]
    assert np.array_equal(first.kept, again.kept)
    assert not np.array_equal(first.kept, other.kept)
    assert set(fewer.kept) < set(first.kept)


def test_arr_coc_keeps_the_top_of_its_own_map(tiny, square, tiny_head):
    line = f"arr-coc:{tiny_head},keep=7"
    result = run(tiny, square, QUERY, [line], max_new_tokens=1).results[0]
    scores = result.maps["relevance"].values.ravel()
    assert set(result.kept) == set(np.argsort(-scores, kind="stable")[:7])
    assert list(result.maps) == [
        *("relevance", "information", "perspectival", "participatory", "attention")
    ]
    assert all(each.values.shape == (5, 5) for each in result.maps.values())


def test_a_head_that_fits_no_key_of_the_base_fails_alone(tiny, square, tmp_path):
    big = save_head(tmp_path / "big.safetensors", 2048)
    state = make_state(192)
    state["policy_net.weight"] = state.pop("balancer.weight_predictor.4.weight")
    odd = save_head(tmp_path / "odd.safetensors", 192, state=state)
    lines = [f"arr-coc:{big}", "baseline", f"arr-coc:{odd}", f"arr-coc:{tmp_path}/none.st"]
    results = run(tiny, square, QUERY, lines, max_new_tokens=2).results
    assert [r.status for r in results] == ["failed", "done", "failed", "failed"]
    assert "Qwen3-VL-2B" in why(results[0]) and "hidden size 192" in why(results[0])
    assert "missing balancer.weight_predictor.4.weight" in why(results[2])
    assert "unexpected policy_net.weight" in why(results[2])
    assert "none.st" in why(results[3])


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("nosuch", "'nosuch'"),
        ("random:size=3", "'size'"),
        ("random:seed=-1", "seed=-1"),
        ("random:seed=two", "seed=two"),
        ("random:a.safetensors", "a.safetensors"),
        ("baseline:keep=50%", "'keep'"),
        ("arr-coc", "needs a checkpoint"),
        ("random:lora=a", "'a'"),
        ("arr-coc:hf://owner/name", "hf://owner/name"),
        ("arr-coc:owner/name@main", "owner/name@main"),
        ("arr-coc:a.pt", "a.pt"),
    ],
)
def test_a_variant_that_cannot_run_says_why_and_leaves_the_others(tiny, square, line, named):
    failed, answered = run(tiny, square, QUERY, [line, "baseline"], max_new_tokens=2).results
    assert named in why(failed) and why(failed).endswith(".") and "\n" not in why(failed)
    assert answered.status == "done"


def test_a_pickle_is_refused_unopened(tiny, square, tmp_path):
    (tmp_path / "a.pt").write_bytes(b"\x80\x04")
    line = f"arr-coc:{tmp_path}/a.pt"
    failed = run(tiny, square, QUERY, [line], max_new_tokens=1).results[0]
    assert "pickle" in why(failed) and "safetensors" in why(failed)


def test_a_fault_of_a_kind_ends_that_variant_alone(tiny, square, kind):
    name = kind("faulty", lambda context: 1 / 0)
    failed, answered = run(tiny, square, QUERY, [name, "baseline"], max_new_tokens=2).results
    assert "division by zero" in why(failed)
    assert answered.status == "done"


def test_running_out_of_memory_in_one_prefill_leaves_the_others(tiny, square, monkeypatch):
    from vlmscope.engine import work as module

    right = module.prefill

    def scarce(model, prompt, features, plan):
        if len(np.unique(plan.assign)) > 20:
            raise torch.OutOfMemoryError("no memory")
        return right(model, prompt, features, plan)

    monkeypatch.setattr(module, "prefill", scarce)
    failed, answered = run(tiny, square, QUERY, ["baseline", "uniform"], max_new_tokens=2).results
    assert "ran out of memory" in why(failed)
    assert failed.grid == (5, 5) and answered.status == "done"


def test_a_vision_tower_out_of_memory_fails_every_variant_in_one_sentence(tiny, monkeypatch):
    def scarce(*args, **kwargs):
        raise torch.OutOfMemoryError("no memory")

    image = picture(150, 150, seed=80)
    with monkeypatch.context() as patch:
        patch.setattr(tiny.model, "get_image_features", scarce)
        results = run(tiny, image, QUERY, ["baseline", "uniform"], max_new_tokens=2).results
    assert [r.id for r in results] == ["baseline", "uniform"]
    assert {why(r) for r in results} == {"The vision tower ran out of memory; use a smaller image."}
    again = run(tiny, image, QUERY, ["baseline"], max_new_tokens=2).results[0]
    assert again.status == "done"


def test_a_fault_when_a_row_leaves_the_batch_ends_those_still_in_it(tiny, square, monkeypatch):
    step = Batch.step

    def spoiled(batch, token_ids):
        logits = step(batch, token_ids).clone()
        logits[0] = float("nan")
        return logits

    def scarce(batch, places):
        raise torch.OutOfMemoryError("no memory")

    monkeypatch.setattr(Batch, "step", spoiled)
    monkeypatch.setattr(Batch, "drop", scarce)
    lines = ["baseline", "uniform", "random"]
    first, *others = run(tiny, square, QUERY, lines, max_new_tokens=4).results
    assert "not finite" in why(first)
    assert all("ran out of memory" in why(r) and len(r.token_ids) == 2 for r in others)


def test_a_kind_sees_the_features_that_are_there_and_runs_no_tower(tiny, kind, monkeypatch):
    seen = {}

    def look(context):
        tiny.memory.forget()  # as four other images in the meantime would
        seen["features"] = context.features
        return Plan.keeping(context.grid, np.arange(3))

    calls = count_vision(tiny, monkeypatch)
    run(tiny, picture(150, 150, seed=81), QUERY, [kind("looking", look)], max_new_tokens=1)
    assert len(calls) == 1 and seen["features"].shape == (25, tiny.hidden_size)


def test_logits_that_are_no_numbers_end_that_variant_alone(tiny, square, monkeypatch):
    step = Batch.step

    def spoiled(batch, token_ids):
        logits = step(batch, token_ids).clone()
        logits[0] = float("nan")
        return logits

    monkeypatch.setattr(Batch, "step", spoiled)
    lines = ["baseline", "uniform"]
    failed, answered = run(tiny, square, QUERY, lines, max_new_tokens=2).results
    assert "dtype='float32'" in why(failed)
    assert len(failed.token_ids) == 1 and answered.status == "done"


@pytest.mark.parametrize(
    ("plan", "named"),
    [
        (lambda c: Plan(np.full(c.grid, 65535, np.uint16)), "no image token"),
        (lambda c: Plan(np.zeros((2, 2), np.uint16)), r"\(2, 2\)"),
        (lambda c: Plan(np.full(c.grid, 3, np.uint16), after_layer=2), "layer 2"),
        (lambda c: Plan(np.full(c.grid, 3, np.uint16), image=np.zeros((9, 9, 3))), "input image"),
        (lambda c: Plan(np.eye(*c.grid, dtype=np.uint16)), "carries nothing"),
        (
            lambda c: Plan(np.zeros(c.grid, np.uint16), weights=np.zeros(c.grid)),
            "no weight at all",
        ),
        (
            lambda c: Plan.keeping(
                c.grid, np.arange(3), maps=(TokenMap("m", "M", np.zeros((1, 1)), "none"),)
            ),
            r"\(1, 1\)",
        ),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(tiny, square, kind, plan, named):
    failed = run(tiny, square, QUERY, [kind("odd", plan)], max_new_tokens=1).results[0]
    assert re.search(named, why(failed))


def test_merging_with_all_weight_on_the_carrier_is_keeping_it(tiny, square, kind, monkeypatch):
    def merge(context):
        assign = np.arange(25).reshape(5, 5)
        assign[:, 1::2] = assign[:, 0:4:2]
        weights = np.ones((5, 5), np.float32)
        weights[:, 1::2] = 0
        return Plan(assign.astype(np.uint16), weights)

    def keep(context):
        return Plan.keeping(context.grid, np.arange(25).reshape(5, 5)[:, ::2].ravel())

    recorder = Recorder(monkeypatch)
    names = [kind("merge", merge), kind("keep", keep)]
    merged, kept = run(tiny, square, QUERY, names, max_new_tokens=4).results
    assert merged.kept.tolist() == kept.kept.tolist()
    assert_same(recorder.trace(merged), recorder.trace(kept))


def test_a_merged_token_is_the_weighted_mean_of_its_cells(tiny, square, kind):
    seen = {}

    def merge(context):
        seen["features"] = context.features
        assign = np.full((5, 5), 65535, np.uint16)
        assign[0, :3] = 1
        return Plan(assign, np.full((5, 5), 0.25, np.float32) + np.eye(5, dtype=np.float32))

    result = run(tiny, square, QUERY, [kind("merge", merge)], max_new_tokens=1).results[0]
    assert result.kept.tolist() == [1]
    features, _ = tiny.features(tiny.pixels(square), tiny.plain)
    given = features.for_plan(merge(type("C", (), {"features": None})))
    expected = (
        1.25 * features.merged[0] + 0.25 * features.merged[1] + 0.25 * features.merged[2]
    ) / 1.75
    torch.testing.assert_close(given.pooler_output[0][0], expected)


def test_closing_stops_the_work(tiny, square, monkeypatch):
    steps = []
    step = Batch.step
    monkeypatch.setattr(Batch, "step", lambda *a: steps.append(1) or step(*a))
    events = compare(tiny, square, QUERY, ["baseline", "uniform"], max_new_tokens=64)
    for event in events:
        if isinstance(event, Token) and len(steps) == 2:
            events.close()
            break
    assert len(steps) == 2
    gc.collect()
    assert run(tiny, square, QUERY, ["baseline"], max_new_tokens=2).results[0].status == "done"


def test_stopping_half_way_keeps_what_there_was(tiny, square):
    stop = threading.Event()
    ends = []
    lines = ["baseline", "uniform"]
    for event in compare(tiny, square, QUERY, lines, max_new_tokens=64, stop=stop.is_set):
        if isinstance(event, Token) and event.index == 1:
            stop.set()
        if isinstance(event, Stopped):
            ends.append(event)
    assert [e.index for e in ends] == [0, 1]
    assert all(e.result.status == "stopped" and e.result.token_ids for e in ends)
    assert len(ends[0].result.token_ids) <= 2


def test_stopping_before_the_start_runs_nothing(tiny, monkeypatch):
    calls = count_vision(tiny, monkeypatch)
    image = picture(150, 150, seed=79)
    events = list(compare(tiny, image, QUERY, ["baseline"], stop=lambda: True))
    assert [e.name for e in events] == ["started", "stopped"] and calls == []


def test_several_users_at_once_get_what_each_gets_alone(tiny):
    images = [picture(160, 96, seed=seed) for seed in range(4)]
    lines = ["baseline", "random:keep=50%"]

    def answers(image: Image.Image):
        return [r.token_ids for r in run(tiny, image, QUERY, lines, max_new_tokens=6).results]

    alone = [answers(image) for image in images]
    together: dict[int, list] = {}
    threads = [
        threading.Thread(target=lambda i=i: together.update({i: answers(images[i])}))
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [together[i] for i in range(4)] == alone


def test_two_comparisons_interleave_step_by_step(tiny, square):
    one = compare(tiny, square, QUERY, ["baseline"], max_new_tokens=6)
    two = compare(tiny, square, QUERY, ["uniform"], max_new_tokens=6)
    for first, second in zip(one, two, strict=False):
        assert first.name == second.name
    one.close()
    two.close()


def test_nothing_is_left_on_the_model(tiny, square):
    tiny.model.model.rope_deltas = None
    before = {name for name, _ in tiny.model.named_buffers()}
    run(tiny, square, QUERY, ["baseline", "uniform"], max_new_tokens=3)
    assert tiny.model.model.rope_deltas is None
    assert {name for name, _ in tiny.model.named_buffers()} == before
    assert not any(module._forward_hooks for module in tiny.model.modules())
    assert tiny.model._forward_hooks == {}


def test_sampling_gives_a_variant_the_same_stream_alone_and_beside_others(tiny, square):
    how = {"max_new_tokens": 6, "temperature": 1.5, "seed": 11}
    lines = ["random:keep=50%", "uniform:keep=50%"]
    together = run(tiny, square, QUERY, lines, **how).results
    for line, beside in zip(lines, together, strict=True):
        assert run(tiny, square, QUERY, [line], **how).results[0].token_ids == beside.token_ids
    other = run(tiny, square, QUERY, lines, **{**how, "seed": 12}).results
    assert [r.token_ids for r in other] != [r.token_ids for r in together]


def test_the_largest_seed_draws(tiny, square):
    how = {"max_new_tokens": 1, "temperature": 1.0, "seed": 2**63 - 1}
    assert run(tiny, square, QUERY, ["baseline"], **how).results[0].status == "done"


def test_an_answer_cut_at_the_limit_says_so(tiny, square):
    result = run(tiny, square, QUERY, ["baseline"], max_new_tokens=1).results[0]
    assert len(result.token_ids) == 1 and "max_new_tokens=1" in result.warnings[0]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"query": ""}, "empty"),
        ({"query": " \n"}, "empty"),
        ({"query": 3}, "int"),
        ({"query": "x" * 30_000}, "30,000"),
        ({"query": "a\ud800"}, "half a character"),
        ({"query": "see <|image_pad|>"}, r"<\|image_pad\|>"),
        ({"query": "why " * 4500}, "positions"),
        ({"image": "/nowhere.png"}, "/nowhere.png"),
        ({"image": np.zeros((3, 3))}, "float64"),
        ({"variants": []}, "no list of variants"),
        ({"variants": "baseline"}, "no list of variants"),
        ({"variants": None}, "no list of variants"),
        ({"variants": ["baseline", 3]}, "3 is no variant"),
        ({"variants": ["random:keep=0"]}, "keep=0"),
        ({"variants": ["random:keep=-1"]}, "keep=-1"),
        ({"variants": ["random:keep=nan"]}, "keep=nan"),
        ({"max_new_tokens": 0}, "max_new_tokens=0"),
        ({"max_new_tokens": 2.5}, "max_new_tokens=2.5"),
        ({"max_new_tokens": 10**5000}, "max_new_tokens=.*thousands of digits"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 2**63}, "seed=9223372036854775808"),
        ({"seed": 2**70}, "seed=1180591620717411303424"),
        ({"temperature": 10**400}, "temperature=1000"),
        ({"temperature": float("nan")}, "temperature=nan"),
        ({"temperature": "hot"}, "temperature='hot'"),
        ({"max_seconds": 0}, "max_seconds=0"),
        ({"max_seconds": True}, "max_seconds=True"),
        ({"max_seconds": float("nan")}, "max_seconds=nan"),
        ({"mode": "alone"}, "mode='alone' is unknown; use 'together' or 'measured'"),
        ({"repeats": 3}, "repeats=3 needs mode='measured'"),
        ({"mode": "measured", "repeats": 0}, "repeats=0 cannot be used"),
        ({"mode": "alone"}, "mode='alone'"),
        ({"word_maps": 1}, "word_maps=1 cannot be used"),
        ({"beams": 3}, "beams"),
        ({"max_image_pixels": 10}, "more than the 10"),
    ],
)
def test_bad_input_is_refused_at_once_by_its_value(tiny, square, given, named):
    arguments = {"image": square, "query": QUERY, "variants": ["baseline"], **given}
    with pytest.raises(InputError, match=named) as caught:
        compare(tiny, **arguments)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_maps_come_before_the_first_token(tiny, square, tiny_head):
    events = list(compare(tiny, square, QUERY, [f"arr-coc:{tiny_head}"], max_new_tokens=2))
    maps = [e for e in events if isinstance(e, Maps)]
    assert next(iter(maps[0].maps)) == "relevance" and "attention" not in maps[0].maps
    assert "attention" in maps[1].maps and "prefill_s" in maps[1].metrics
    assert events.index(maps[1]) < next(i for i, e in enumerate(events) if isinstance(e, Token))


def test_a_checkpoint_that_changed_on_disk_is_read_again(tiny, square, tmp_path: Path):
    path = save_head(tmp_path / "a.safetensors", 192)
    line = f"arr-coc:{path}"
    first = run(tiny, square, QUERY, [line], max_new_tokens=1).results[0]
    save_head(path, 192, state=make_state(192, seed=9), metadata={"step": "2"})
    second = run(tiny, square, QUERY, [line], max_new_tokens=1).results[0]
    assert not np.array_equal(first.maps["relevance"].values, second.maps["relevance"].values)


@pytest.mark.parametrize("mode", ["together", "measured"])
def test_a_comparison_ends_at_its_time_limit_with_what_there_is(tiny, square, mode, monkeypatch):
    monkeypatch.setattr(Work, "is_late", property(lambda work: next(late)))
    late = itertools.chain([False] * 9, itertools.repeat(True))
    lines = ["baseline", "random:keep=50%"]
    made = run(tiny, square, QUERY, lines, max_new_tokens=20, mode=mode, max_seconds=7.5)
    assert [result.status for result in made.results] == ["stopped", "stopped"]
    assert 0 < len(made.results[0].token_ids) < 20
    for result in made.results:
        assert result.warnings[-1] == "Stopped after 7.5 s, the limit here."


def test_a_time_limit_is_that_of_the_clock(tiny, square):
    result = run(tiny, square, QUERY, ["baseline"], max_new_tokens=20, max_seconds=1e-6).results[0]
    assert result.status == "stopped" and "after 1e-06 s" in result.warnings[-1]
