"""Measured runs: each variant by itself, warmed up, in rotated order, repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from tests.support.reference import picture
from torch.utils.flop_counter import FlopCounterMode

from vlmscope import (
    Failed,
    Finished,
    Maps,
    Run,
    SharedBase,
    Started,
    Stopped,
    Token,
    compare,
    metrics_for,
    run,
)
from vlmscope.cli import main
from vlmscope.engine import work as work_module
from vlmscope.engine.flops import prefill_flops
from vlmscope.engine.row import Clock
from vlmscope.engine.work import Work

QUERY = "What colour is the star?"
LINES = ["baseline", "random:keep=50%", "downsample:keep=30%", "divprune:keep=25%"]
SECONDS = ("vision_s", "select_s", "prefill_s", "ttft_s", "decode_s", "total_s")


def measured(base: SharedBase, lines=LINES, **options: Any) -> Run:
    image = picture(160, 160, seed=3)
    return run(base, image, QUERY, lines, mode="measured", max_new_tokens=6, **options)


def order_of_runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which variant is run, each time that one is."""
    seen: list[int] = []
    choose = Work.choose

    def noted(work, row, sight):
        seen.append(row.index)
        return choose(work, row, sight)

    monkeypatch.setattr(Work, "choose", noted)
    return seen


def test_measured_alone_a_variant_answers_what_it_answers_together(base: SharedBase):
    image = picture(160, 160, seed=3)
    together = run(base, image, QUERY, LINES, max_new_tokens=6)
    alone = measured(base, repeats=1)
    assert [r.token_ids for r in alone.results] == [r.token_ids for r in together.results]
    assert [r.kept.tolist() for r in alone.results] == [r.kept.tolist() for r in together.results]


def test_sampled_with_a_seed_too(tiny: SharedBase):
    image = picture(160, 160, seed=3)
    options = {"temperature": 0.8, "seed": 5}
    together = run(tiny, image, QUERY, LINES, max_new_tokens=6, **options)
    alone = measured(tiny, repeats=2, **options)
    assert [r.token_ids for r in alone.results] == [r.token_ids for r in together.results]
    assert not any("another one" in said for result in alone.results for said in result.warnings)


def test_each_is_warmed_up_and_then_run_in_rotated_order(tiny, monkeypatch):
    seen = order_of_runs(monkeypatch)
    measured(tiny, repeats=3)
    assert seen[:4] == [0, 1, 2, 3]
    assert seen[4:] == [0, 1, 2, 3, 1, 2, 3, 0, 2, 3, 0, 1]


def test_every_run_looks_at_the_image_anew_and_once(tiny, monkeypatch):
    measured(tiny, repeats=1)
    calls: list[int] = []
    forward = tiny.model.model.visual.forward

    def counted(*args, **kwargs):
        calls.append(1)
        return forward(*args, **kwargs)

    monkeypatch.setattr(tiny.model.model.visual, "forward", counted)
    measured(tiny, repeats=3)
    assert len(calls) == 3 * len(LINES)  # warming up took the features that were remembered


def test_figures_are_the_median_and_its_spread(tiny, monkeypatch):
    durations = iter(range(1, 10_000))
    monkeypatch.setattr(Clock, "seconds", property(lambda clock: float(next(durations))))
    (result,) = measured(tiny, ["baseline"], repeats=3).results
    for key in ("select_s", "prefill_s", "decode_s", "ttft_s", "total_s"):
        spread = result.spreads[key]
        assert spread.n == 3 and spread.low < result.metrics[key] < spread.high
    parts = sum(result.spreads[key].low for key in ("ttft_s", "decode_s"))
    assert result.spreads["total_s"].low == pytest.approx(parts)


def test_every_figure_has_a_definition_and_the_parts_add_up(tiny):
    for result in measured(tiny, repeats=1).results:
        figures = result.metrics
        assert set(figures) <= {metric.key for metric in metrics_for("measured")}
        assert set(SECONDS) <= set(figures)
        assert figures["ttft_s"] == pytest.approx(
            figures["vision_s"] + figures["select_s"] + figures["prefill_s"]
        )
        assert figures["total_s"] == pytest.approx(figures["ttft_s"] + figures["decode_s"])
        rate = len(result.token_ids) / figures["total_s"]
        assert figures["tokens_per_s"] == pytest.approx(rate)
        assert set(result.spreads) == set(figures) - {
            "image_tokens",
            "image_tokens_total",
            "kv_mib",
            "prefill_gflop",
        }


def test_together_no_time_of_the_shared_decode_is_a_variants(tiny):
    image = picture(160, 160, seed=3)
    for result in run(tiny, image, QUERY, LINES, max_new_tokens=6).results:
        assert not {"decode_s", "total_s", "tokens_per_s", "peak_mib"} & set(result.metrics)
        assert not result.spreads


def test_answers_stream_first_without_seconds_and_each_ends_once_at_the_end(tiny):
    image = picture(160, 160, seed=3)
    events = list(compare(tiny, image, QUERY, LINES, mode="measured", max_new_tokens=4, repeats=2))
    assert isinstance(events[0], Started) and events[0].stamp["mode"] == "measured"
    assert events[0].stamp["repeats"] == 2
    ended = [event for event in events[-4:] if isinstance(event, Finished)]
    assert [event.index for event in ended] == [0, 1, 2, 3]
    for event in events[1:-4]:
        assert isinstance(event, Maps | Token)
        if isinstance(event, Maps):
            assert not {key for key in event.metrics if key.endswith("_s")}


def test_a_fault_while_warming_up_or_later_ends_that_variant_alone(tiny, monkeypatch):
    calls = iter(range(100))
    right = work_module.prefill

    def faulty(*args: Any) -> Any:
        if next(calls) in (
            4,
            5,
        ):  # of the second variant, in the first round after warming up, twice
            raise torch.OutOfMemoryError("no memory")
        return right(*args)

    monkeypatch.setattr(work_module, "prefill", faulty)
    lines = ["baseline", "uniform", "nosuch", "random"]
    results = measured(tiny, lines, repeats=2).results
    assert [r.status for r in results] == ["done", "failed", "failed", "done"]
    assert "ran out of memory" in (results[1].error or "")
    assert results[1].answer and not results[1].spreads


def test_stopped_half_way_it_keeps_the_answer_and_tells_no_half_figure(tiny, square):
    seen: list[object] = []
    events = compare(
        tiny,
        square,
        QUERY,
        ["baseline", "uniform"],
        mode="measured",
        repeats=50,
        max_new_tokens=4,
        stop=lambda: len(seen) > 60,
    )
    begun = Work.choose
    try:

        def counted(work, row, sight):
            seen.append(row)
            return begun(work, row, sight)

        Work.choose = counted  # type: ignore[method-assign]
        ended = [event for event in events if isinstance(event, Stopped | Finished | Failed)]
    finally:
        Work.choose = begun  # type: ignore[method-assign]
    assert [type(event) for event in ended] == [Stopped, Stopped]
    assert all(event.result.answer for event in ended)
    assert all("total_s" not in event.result.metrics for event in ended)


def test_closing_it_frees_the_device(tiny, square):
    events = compare(tiny, square, QUERY, ["baseline"], mode="measured", repeats=50)
    for _ in range(4):
        next(events)
    events.close()
    assert run(tiny, square, QUERY, ["baseline"], max_new_tokens=1).results[0].status == "done"


def test_a_saved_run_keeps_its_spreads(tiny, tmp_path):
    done = measured(tiny, repeats=2)
    done.save(tmp_path / "run.json")
    again = Run.load(tmp_path / "run.json")
    assert [r.spreads for r in again.results] == [r.spreads for r in done.results]


def test_the_command_line_measures(tiny_folder, tmp_path, capsys):
    picture(160, 160).save(tmp_path / "a.png")
    line = ["compare", str(tmp_path / "a.png"), "What?", "--base", str(tiny_folder), "--measure"]
    assert main([*line, "--repeats", "2", "-v", "uniform", "--max-new-tokens", "3"]) == 0
    shown = capsys.readouterr().out
    assert "Total: " in shown and "n 2)" in shown
    assert main([*line, "--repeats", "2", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["stamp"]["mode"] == "measured" and document["stamp"]["repeats"] == 2
    low, high, n = document["results"][0]["spreads"]["total_s"]
    assert low <= document["results"][0]["metrics"]["total_s"] <= high and n == 2


def test_computed_operations_are_those_that_a_counter_counts(tiny: SharedBase):
    tokens = 24
    ids = torch.arange(tokens)[None] + 20
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        tiny.model(input_ids=ids, use_cache=False, logits_to_keep=1)
    counts = counter.get_flop_counts()["Global"]
    linear = sum(count for op, count in counts.items() if str(op) in ("aten.mm", "aten.addmm"))
    # Attention is counted by another name on each device: here by hand, the causal half.
    config = tiny.model.config.get_text_config()
    pairs = sum(range(1, tokens + 1))
    attention = pairs * config.num_hidden_layers * config.num_attention_heads * config.head_dim * 4
    assert prefill_flops(tiny.model, tokens) == linear + attention
