"""The value: what fits together is taken, and what does not is refused in one sentence."""

import copy
import json
import pickle

import numpy as np
import pytest

from gradio_comparisongrid import (
    Cell,
    Comparison,
    InvalidComparison,
    Layer,
    Measured,
    Metric,
    Tokens,
    View,
    Word,
)


def test_two_cells_of_one_id_are_refused():
    with pytest.raises(InvalidComparison, match="Two cells have the id 'a'"):
        Comparison(cells=[Cell("a"), Cell("a")])


def test_a_figure_for_an_unknown_metric_is_refused_with_the_cell_and_the_known_ones():
    with pytest.raises(InvalidComparison, match=r"Cell 'a' .* 'speed', .* \(total_s\)"):
        Comparison(metrics=[Metric("total_s")], cells=[Cell("a", metrics={"speed": 1})])


def test_a_reference_that_is_no_cell_is_refused():
    with pytest.raises(InvalidComparison, match=r"The reference is 'b', which is no cell \(a\)"):
        Comparison(cells=[Cell("a")], reference="b")


def test_a_span_outside_the_answer_is_refused_with_the_cell_and_the_span():
    with pytest.raises(InvalidComparison, match=r"Cell 'a' has Word\(0, 4\), outside .* of 3 "):
        Cell("a", answer="red", words=[Word(0, 4, np.zeros((1, 1)))])


def test_spans_count_code_points_not_bytes_or_utf16():
    Cell("a", answer="a🟥b", words=[Word(2, 3, np.zeros((1, 1)))])


def test_a_cell_has_one_token_grid():
    with pytest.raises(InvalidComparison, match="Cell 'a' has layer 'x' of 2 × 3, but tokens of 3"):
        Cell(
            "a",
            layers=[Layer.from_array("x", np.zeros((2, 3)))],
            tokens=Tokens.from_mask(np.ones((3, 2), bool)),
        )


def test_two_layers_of_one_key_are_refused():
    layer = Layer.from_array("x", np.zeros((2, 3)))
    with pytest.raises(InvalidComparison, match="Cell 'a' has two layers with the key 'x'"):
        Cell("a", layers=[layer, layer])


def test_a_misspelt_field_is_refused_by_name():
    with pytest.raises(InvalidComparison, match="Cell 'a' has no field 'awnser'"):
        Cell("a", awnser="red")


def test_an_unknown_status_is_refused_with_the_known_ones():
    with pytest.raises(InvalidComparison, match=r"Cell 'a'\.status is 'odd': .*'waiting'"):
        Cell("a", status="odd")


def test_a_cell_with_an_error_has_failed():
    assert Cell("a", error="No such file.").status == "failed"


def test_a_cell_may_be_changed_between_two_yields_and_is_checked_again():
    cell = Cell("a", status="waiting")
    cell.status = "running"
    cell.answer += "red"
    with pytest.raises(InvalidComparison, match=r"Cell 'a'\.status is 'odd'"):
        setattr(cell, "status", "odd")  # noqa: B010 (a type checker refuses the plain line)


def test_a_refused_change_leaves_the_cell_as_it_was_and_usable():
    cell = Cell("a", answer="red", words=[Word(0, 3, np.zeros((1, 1)))])
    with pytest.raises(InvalidComparison, match=r"Cell 'a' has Word\(0, 3\), outside its answer"):
        cell.answer = ""
    assert cell.answer == "red"
    cell.error = "Too long."


def test_a_words_map_lies_on_the_grid_of_its_cell():
    with pytest.raises(
        InvalidComparison, match=r"Cell 'a' has Word\(0, 3\) of 1 × 1, but layer 'x'"
    ):
        Cell(
            "a",
            answer="red",
            layers=[Layer.from_array("x", np.zeros((2, 3)))],
            words=[Word(0, 3, np.zeros((1, 1)))],
        )


def test_two_metrics_of_one_key_are_refused():
    with pytest.raises(InvalidComparison, match="Two metrics have the key 'x'"):
        Comparison(metrics=[Metric("x"), Metric("x")])


def test_a_fact_that_gradio_would_take_for_a_file_is_refused():
    with pytest.raises(InvalidComparison, match=r"Cell 'a'\.stamp: 'path' is '/etc/passwd'.*key"):
        Cell("a", stamp={"path": "/etc/passwd"})


def test_a_figure_that_is_no_number_is_no_value():
    cell = Cell("a", metrics={"x": float("nan"), "y": Measured(float("inf"), low=1, n=3)})
    assert cell.metrics == {"x": None, "y": Measured(None, low=1, n=3)}


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_numpys_numbers_are_taken_as_pythons(kind):
    cell = Cell(
        "a",
        metrics={
            "x": kind("nan"),
            "y": kind(1.5),
            "z": Measured(kind("inf"), low=kind(0.5), n=np.int64(3)),
        },
        stamp={"loss": kind("nan"), "scale": kind(0.25), "seed": np.int64(3), "on": np.bool_(True)},
    )
    assert cell.metrics == {"x": None, "y": 1.5, "z": Measured(None, low=0.5, n=3)}
    assert cell.stamp == {"loss": None, "scale": 0.25, "seed": 3, "on": True}
    assert [type(fact) for fact in cell.stamp.values()] == [type(None), float, int, bool]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"metrics": {"x": [1]}},
            "Cell 'a'.metrics.x: [1] is given, but it needs a number, None or Measured",
        ),
        (
            {"stamp": {"x": [1]}},
            "Cell 'a'.stamp.x: [1] is given, but it needs a number, a text, true, false or None",
        ),
    ],
)
def test_what_is_no_figure_or_fact_is_refused_in_one_sentence(given, says):
    with pytest.raises(InvalidComparison) as refusal:
        Cell("a", **given)
    assert str(refusal.value) == says


def test_the_value_is_strict_json(value):
    value.cells[1].layers = [Layer.from_array("x", np.full((9, 12), np.nan))]
    value.stamp = {"loss": float("nan"), "seed": 3}
    json.dumps(value.model_dump(mode="json"), allow_nan=False)


def test_json_gives_an_equal_value_back(value):
    assert Comparison.model_validate(json.loads(value.model_dump_json())) == value


def test_a_value_survives_pickle_and_a_deep_copy(value):
    assert pickle.loads(pickle.dumps(value)) == value
    copied = copy.deepcopy(value)
    copied.cells[0].answer = "Blue."
    assert copied != value


def test_half_a_character_is_refused_with_its_place_and_the_way_out():
    with pytest.raises(
        InvalidComparison, match=r"Cell 'a'\.answer: '\\ud83d' at 1 is half a char.*replace"
    ):
        Cell("a", answer="x\ud83d")
    cell = Cell("a", answer="fine 😀")
    with pytest.raises(InvalidComparison, match="half a character"):
        cell.answer = "\ude00"
    assert cell.answer == "fine 😀"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Metric("ms", "\ud83d"),
        lambda: Metric("ms", unit="\ud83d"),
        lambda: Metric("ms", help="\ud83d"),
        lambda: Layer.from_array("r", np.eye(2), label="\ud83d"),
        lambda: Layer.from_array("r", np.eye(2), unit="\ud83d"),
        lambda: Comparison(stamp={"gpu": "\ud83d"}),
        lambda: Comparison(stamp={"\ud83d": 1}),
        lambda: Cell("a", stamp={"gpu": "\ud83d"}),
        lambda: View(order=["\ud83d"]),
    ],
)
def test_no_text_of_a_value_may_hold_half_a_character(make):
    with pytest.raises(InvalidComparison, match="half a character"):
        make()


@pytest.mark.parametrize("seed", [2**53 + 1, -(2**53) - 1, 2**64, 10**30])
def test_a_fact_that_a_page_would_round_is_refused_with_the_way_out(seed):
    with pytest.raises(InvalidComparison, match=rf"'seed' is {seed}, .*round.*as a text"):
        Comparison(stamp={"seed": seed})
    assert Comparison(stamp={"seed": 2**53}).stamp["seed"] == 2**53
