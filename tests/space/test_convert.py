from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convert import Context, advanced, from_run, is_correct
from gradio_comparisongrid import Comparison, Measured
from vlmscope import Failed, Finished, Maps, Run, Started, Token, compare, run

from .conftest import QUESTION


@pytest.fixture(scope="module")
def value(finished_run) -> Comparison:
    return from_run(finished_run)


def test_every_map_reaches_the_grid_exactly(value, finished_run):
    for cell, result in zip(value.cells, finished_run.results, strict=True):
        assert [layer.key for layer in cell.layers] == list(result.maps)
        for layer in cell.layers:
            np.testing.assert_array_equal(layer.to_array(), result.maps[layer.key].values)
            assert layer.method == result.maps[layer.key].method


def test_kept_tokens_reach_the_grid_exactly(value, finished_run):
    for cell, result in zip(value.cells, finished_run.results, strict=True):
        if result.assign is None:
            assert cell.tokens is None
        else:
            assert cell.tokens is not None
            assert np.flatnonzero(cell.tokens.to_mask()).tolist() == result.kept.tolist()


def test_an_offered_checkpoint_that_vanished_is_told_by_its_name_alone(finished_run):
    failed = finished_run.results[3]
    folder = "/data/private/someone"
    offered = replace(failed.variant, source=f"{folder}/gone.safetensors", title="ARR-COC gone")
    sentence = f"There is no checkpoint '{offered.source}'; check the path."
    results = [replace(failed, variant=offered, error=sentence)]
    cell = from_run(replace(finished_run, results=results)).cells[0]
    assert cell.error == "There is no checkpoint 'gone.safetensors'; check the path."
    # Typed by its name, it has no title of its own, and its place is nobody's business either.
    typed = [replace(failed, variant=replace(offered, title=""), error=sentence)]
    assert from_run(replace(finished_run, results=typed)).cells[0].error == cell.error


def test_a_failed_variant_is_a_failed_cell_with_its_sentence(value, finished_run):
    assert [cell.status for cell in value.cells] == ["done", "done", "done", "failed"]
    assert value.cells[3].error == finished_run.results[3].error
    assert "gone.safetensors" in value.cells[3].error


def test_only_what_was_measured_is_a_figure_of_a_cell(value, finished_run):
    for cell, result in zip(value.cells, finished_run.results, strict=True):
        assert set(cell.metrics) <= set(result.metrics)
    assert value.cells[2].metrics["image_tokens"] == len(finished_run.results[2].kept)
    assert {metric.key for metric in value.metrics} == set(value.cells[1].metrics)


def test_a_variant_that_keeps_every_token_has_no_time_of_selection(value):
    assert ["select_s" in cell.metrics for cell in value.cells] == [False, True, True, False]


def test_what_belongs_to_the_image_stands_in_the_conditions_not_in_each_cell(value, finished_run):
    first = finished_run.results[0].metrics
    assert value.stamp["vision tower"] == f"{first['vision_s']:.3f} s, once for all"
    assert value.stamp["image tokens"] == str(finished_run.image.tokens)
    assert all("vision_s" not in cell.metrics for cell in value.cells)


def test_the_conditions_say_base_precision_hardware_and_mode(value, finished_run):
    for key in ("dtype", "hardware", "mode"):
        assert value.stamp[key] == finished_run.stamp[key]
    assert value.stamp["base"] == Path(finished_run.stamp["base"]).name
    assert f"torch {finished_run.stamp['versions']['torch']}" in value.stamp["versions"]


def test_the_events_of_a_comparison_add_up_to_what_its_run_gives(base, image, variants, value):
    streamed, words = Comparison(), {}
    for event in compare(base, image, QUESTION, variants, max_new_tokens=6):
        streamed = advanced(streamed, event, Context())
        if isinstance(event, Token):
            words[event.index] = words.get(event.index, "") + event.text
            assert streamed.cells[event.index].answer == words[event.index]
    timed = ("select_s", "prefill_s", "ttft_s")
    for cell, other in zip(streamed.cells, value.cells, strict=True):
        assert cell.model_dump(exclude={"metrics"}) == other.model_dump(exclude={"metrics"})
        steady = {k: v for k, v in cell.metrics.items() if k not in timed}
        assert steady == {k: v for k, v in other.metrics.items() if k not in timed}


def test_a_cell_waits_runs_and_ends_and_no_event_changes_an_earlier_value(base, image, variants):
    value, seen = Comparison(), []
    for event in compare(base, image, QUESTION, variants, max_new_tokens=2):
        before = value.model_dump_json()
        after = advanced(value, event, Context())
        assert value.model_dump_json() == before
        value = after
        if isinstance(event, Started):
            assert [cell.status for cell in value.cells] == ["waiting"] * 4
        elif isinstance(event, Maps | Finished | Failed):
            seen.append((event.index, value.cells[event.index].status))
    statuses = [status for index, status in seen if index == 1]
    assert statuses == ["running", "running", "done"]


def test_the_image_is_stored_once_for_all_events(base, image, variants):
    value, paths = Comparison(), set()
    for event in compare(base, image, QUESTION, variants, max_new_tokens=2):
        value = advanced(value, event, Context())
        assert value.image
        paths.add(value.image.path)
    assert len(paths) == 1


@pytest.mark.parametrize(
    ("answer", "expected", "verdict"),
    [
        ("Red.", "red", True),
        (" two  circles ", "Two circles", True),
        ("orange", "red", False),
        ("red", None, None),
    ],
)
def test_an_answer_is_judged_by_its_words_and_only_when_the_right_one_is_known(
    answer, expected, verdict
):
    assert is_correct(answer, expected) is verdict


def test_a_verdict_is_given_to_answers_that_ended_alone(finished_run):
    judged = from_run(finished_run, Context(expected="red"))
    assert [cell.correct for cell in judged.cells] == [False, False, False, None]


def test_a_variant_with_an_image_of_its_own_shows_it_with_its_own_vision_time(base, finished_run):
    picture = finished_run.image.pixels
    lines = ["downsample:keep=50%", "baseline"]
    done = run(base, picture, QUESTION, lines, max_new_tokens=1)
    events = from_run(done)
    for event in compare(base, picture, QUESTION, lines, max_new_tokens=1):
        events = advanced(events, event, Context())
    for value in (from_run(done), events):
        small, whole = value.cells
        assert small.image is not None and whole.image is None
        assert small.tokens is not None and small.tokens.shape == done.results[0].grid
        assert "vision_s" not in whole.metrics
    assert from_run(done).cells[0].metrics["vision_s"] == done.results[0].metrics["vision_s"]


def test_a_variants_own_image_is_kept_in_a_saved_run(base, finished_run, tmp_path):
    done = run(base, finished_run.image.pixels, QUESTION, ["downsample:keep=50%"], max_new_tokens=1)
    done.save(tmp_path / "run.json")
    before, after = done.results[0].image, Run.load(tmp_path / "run.json").results[0].image
    assert before is not None and after is not None
    assert np.array_equal(np.asarray(before.pixels), np.asarray(after.pixels))
    assert (before.rows, before.cols) == (after.rows, after.cols)


def test_a_measured_run_tells_each_figure_with_its_spread_and_which_is_better(base, finished_run):
    picture = finished_run.image.pixels
    lines = ["baseline", "downsample", "nosuch"]
    done = run(base, picture, QUESTION, lines, max_new_tokens=2, mode="measured", repeats=2)
    value = from_run(done)
    better = {metric.key: metric.better for metric in value.metrics}
    assert better["total_s"] == better["vision_s"] == "lower"
    assert "vision tower" not in value.stamp
    assert value.stamp["image tokens"] == str(done.image.tokens)
    assert value.stamp["mode"] == "measured, 2 runs of each"
    for cell, result in zip(value.cells[:2], done.results, strict=False):
        total = cell.metrics["total_s"]
        assert isinstance(total, Measured) and total.n == 2
        assert total.value == result.metrics["total_s"]
        assert (total.low, total.high) == (
            result.spreads["total_s"].low,
            result.spreads["total_s"].high,
        )
        assert cell.metrics["image_tokens"] == result.metrics["image_tokens"]
    assert value.cells[2].status == "failed" and not value.cells[2].metrics


def test_word_maps_reach_the_grid_with_their_spans_also_while_they_stream(base, finished_run):
    picture = finished_run.image.pixels
    lines = ["baseline", "uniform:keep=50%"]
    options = {"max_new_tokens": 6, "word_maps": True}
    done = run(base, picture, QUESTION, lines, **options)
    value = from_run(done)
    streamed = value
    for event in compare(base, picture, QUESTION, lines, **options):
        streamed = advanced(streamed, event, Context())
        if isinstance(event, Token) and event.end > event.start:
            last = streamed.cells[event.index].words[-1]
            assert (last.start, last.end) == (event.start, event.end)
    for shown in (value, streamed):
        for cell, result in zip(shown.cells, done.results, strict=True):
            assert len(cell.words) == len(result.words) > 0
            for word, found in zip(cell.words, result.words, strict=True):
                assert (word.start, word.end) == (found.start, found.end)
                np.testing.assert_allclose(word.to_array(), found.values, rtol=1e-3, atol=1e-6)
            lost = result.metrics["lost_evidence"]
            assert cell.metrics["lost_evidence"] == pytest.approx(lost)


def test_sinks_are_left_out_of_the_scale(finished_run):
    result = finished_run.results[0]
    attention = result.maps["attention"]
    sinks = attention.values >= np.nanmax(attention.values)
    maps = {"attention": replace(attention, sinks=sinks)}
    (cell,) = from_run(replace(finished_run, results=(replace(result, maps=maps),))).cells
    assert cell.layers[0].high < np.nanmax(attention.values)
