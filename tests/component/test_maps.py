"""Maps and tokens: what goes in as an array comes out as the same array, or is refused by name."""

import base64

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from gradio_comparisongrid import Cell, Comparison, InvalidComparison, Layer, Tokens, Word
from gradio_comparisongrid.maps import encode


def test_float32_is_kept_bit_for_bit(scores):
    assert_array_equal(Layer.from_array("relevance", scores).to_array(), scores)


def test_the_bytes_are_little_endian_rows_first():
    layer = Layer.from_array("x", [[1, 2, 3], [4, 5, 6]])
    assert base64.b64decode(layer.data) == np.arange(1, 7, dtype="<f4").tobytes()
    assert (layer.rows, layer.cols, layer.low, layer.high) == (2, 3, 1.0, 6.0)


def test_a_transposed_array_keeps_its_own_order(scores):
    assert_array_equal(Layer.from_array("x", scores.T).to_array(), scores.T)


@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8"])
def test_nan_and_infinity_are_no_value_and_stay_out_of_the_range(dtype):
    layer = Layer.from_array("x", [[np.nan, 1.0], [np.inf, -np.inf]], dtype=dtype)
    assert_array_equal(layer.to_array(), [[np.nan, 1.0], [np.nan, np.nan]])
    assert (layer.low, layer.high) == (1.0, 1.0)


def test_a_map_without_any_value_has_no_range():
    layer = Layer.from_array("x", np.full((2, 2), np.nan))
    assert layer.low is None
    assert layer.high is None


def test_float16_keeps_eleven_bits(scores):
    stored = Layer.from_array("x", scores, dtype="float16").to_array()
    assert_array_equal(stored, scores.astype(np.float16).astype(np.float32))


def test_uint8_is_within_half_a_step_of_254(scores):
    stored = Layer.from_array("x", scores, dtype="uint8").to_array()
    step = (scores.max() - scores.min()) / 254
    assert np.abs(stored - scores).max() <= step / 2 + 1e-6


def test_sinks_stay_out_of_the_range_but_keep_their_value():
    sinks = np.array([[True, False], [False, False]])
    layer = Layer.from_array("x", [[900.0, 1.0], [2.0, 3.0]], sinks=sinks)
    assert (layer.low, layer.high) == (1.0, 3.0)
    assert layer.to_array()[0, 0] == 900.0


def test_what_float16_cannot_hold_is_refused_with_the_number():
    with pytest.raises(InvalidComparison, match=r"Layer 'x' holds 100000, more than float16"):
        Layer.from_array("x", [[1e5]], dtype="float16")


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros(3), r"Layer 'x' has shape \[3\]: it needs \[rows, cols\]"),
        (np.zeros((2, 0)), r"has shape \[2, 0\]"),
        (np.zeros((1, 2, 2)), r"has shape \[1, 2, 2\]"),
        (np.array([["a"]]), r"holds <U1: it needs real numbers"),
        (np.array([[1j]]), r"holds complex128: it needs real numbers"),
    ],
)
def test_an_array_that_is_no_map_is_refused_with_what_it_is(array, says):
    with pytest.raises(InvalidComparison, match=says):
        Layer.from_array("x", array)


def test_bytes_that_do_not_fill_the_grid_are_refused_with_both_counts():
    with pytest.raises(InvalidComparison, match=r"'x'.data holds 3 bytes, but 2 × 3 .* needs 24"):
        Layer(key="x", rows=2, cols=3, data="AAAA")


def test_text_that_is_not_base64_is_refused():
    with pytest.raises(InvalidComparison, match=r"Layer 'x'.data is not base64"):
        Layer(key="x", rows=1, cols=1, data="%%%")


def test_a_word_gives_its_map_back(scores):
    assert_array_equal(Word(start=2, end=4, map=scores).to_array(), scores)


@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("float16", 2), ("uint8", 1)])
def test_a_words_map_may_be_kept_in_fewer_bytes(scores, dtype, size):
    word = Word(0, 3, scores, dtype=dtype)
    assert len(base64.b64decode(word.map.data)) == size * scores.size
    assert_array_equal(word.to_array(), Layer.from_array("x", scores, dtype=dtype).to_array())


def test_a_words_map_of_another_shape_is_refused_with_the_word():
    with pytest.raises(
        InvalidComparison, match=r"The map of Word\(0, 3\) has shape \[3\]: it needs"
    ):
        Word(0, 3, np.zeros(3))


def test_a_word_that_ends_before_it_starts_is_refused(scores):
    with pytest.raises(InvalidComparison, match=r"Word\(4, 2\) ends before it starts"):
        Word(4, 2, scores)


def test_reading_a_value_decodes_each_map_once_and_a_change_of_its_answer_none(monkeypatch):
    words = [Word(0, 3, np.full((2, 2), place)) for place in range(5)]
    layer = Layer.from_array("x", np.zeros((2, 2)))
    sent = Comparison(cells=[Cell("a", answer="red", words=words, layers=[layer])]).model_dump()
    decoded = []
    decode = base64.b64decode

    def counted(data, **options):
        decoded.append(data)
        return decode(data, **options)

    monkeypatch.setattr(base64, "b64decode", counted)
    value = Comparison.from_json(sent)
    assert len(decoded) == 6
    value.cells[0].answer += " and round"
    value.cells[0].words = [*value.cells[0].words, value.cells[0].words[0]]
    assert len(decoded) == 6


def test_a_mask_comes_back_as_it_went_in():
    kept = np.random.default_rng(0).random((7, 11)) > 0.4
    tokens = Tokens.from_mask(kept)
    assert_array_equal(tokens.to_mask(), kept)
    assert (tokens.kept, tokens.total) == (kept.sum(), 77)


def test_an_assignment_tells_kept_merged_and_dropped_apart():
    tokens = Tokens.from_assignment([[0, 0, -1], [4, 4, 65535]])
    assert_array_equal(tokens.to_assignment(), [[0, 0, 65535], [4, 4, 65535]])
    assert_array_equal(tokens.to_mask(), [[True, False, False], [False, True, False]])


@pytest.mark.parametrize(
    ("assign", "says"),
    [
        ([[1, 2], [3, 3]], "merges into token 1, which is not kept itself"),
        ([[1, -1], [-1, -1]], "merges into token 1, which is not kept itself"),
        ([[0, 9], [2, 3]], r"points at token 9, but there are 4 \(0 to 3\)"),
        ([[0, -2], [2, 3]], "holds -2"),
        ([[0.0, 1.0]], "holds float64: it needs whole numbers"),
        ([0, 1], r"has shape \[2\]"),
    ],
)
def test_an_impossible_assignment_is_refused_with_the_token(assign, says):
    with pytest.raises(InvalidComparison, match=says):
        Tokens.from_assignment(assign)


def test_a_mask_of_other_numbers_is_refused():
    with pytest.raises(InvalidComparison, match="holds 3: it needs true or false"):
        Tokens.from_mask([[0, 3]])


def test_what_a_masked_array_masks_is_no_value():
    masked = np.ma.masked_array([[1.0, 9.0], [3.0, 4.0]], [[False, True], [False, False]])
    layer = Layer.from_array("relevance", masked)
    assert np.array_equal(layer.to_array(), [[1, np.nan], [3, 4]], equal_nan=True)
    assert (layer.low, layer.high) == (1, 4)


def test_rows_of_unlike_length_are_refused():
    with pytest.raises(InvalidComparison, match="Layer 'relevance' has rows of unlike length"):
        Layer.from_array("relevance", [[1, 2], [3]])


def test_sinks_are_true_or_false():
    with pytest.raises(InvalidComparison, match=r"'relevance'\.sinks holds nan: it needs true"):
        Layer.from_array("relevance", np.eye(2), sinks=[[np.nan, 0], [0, 1]])


def test_uint8_refuses_what_it_is_read_back_as_cannot_hold():
    with pytest.raises(InvalidComparison, match=r"holds 1e\+300, more than float32 can"):
        Layer.from_array("relevance", [[0, 1e300]], dtype="uint8")


def test_infinity_in_bytes_that_a_client_sent_is_no_value():
    data = encode(np.array([[np.inf, 1]], "<f4"))
    layer = Layer(key="relevance", rows=1, cols=2, data=data, low=1, high=1)
    assert np.array_equal(layer.to_array(), [[np.nan, 1]], equal_nan=True)
