"""Accuracy counts what was judged, and says how sure so few cases let one be."""

from __future__ import annotations

from math import sqrt

import pytest

from vlmscope.evidence.accuracy import Accuracy, accuracies, in_order, wilson


@pytest.mark.parametrize(
    ("correct", "judged", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_that_of_the_literature(correct, judged, low, high):
    assert wilson(correct, judged) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize("judged", [1, 2, 7, 100, 5000])
def test_the_interval_ends_where_the_score_test_just_refuses(judged: int):
    for correct in {0, 1, judged // 2, judged - 1, judged}:
        ends = wilson(correct, judged)
        assert 0 <= ends[0] <= correct / judged <= ends[1] <= 1
        for end in ends:
            if 0 < end < 1:
                z = abs(correct / judged - end) / sqrt(end * (1 - end) / judged)
                assert z == pytest.approx(1.959964, abs=1e-5)


def test_the_interval_of_the_wrong_is_that_of_the_right_turned_round():
    low, high = wilson(3, 11)
    assert wilson(8, 11) == (pytest.approx(1 - high), pytest.approx(1 - low))


def test_rows_are_counted_by_variant_and_type_and_what_is_not_judged_is_in_the_total_alone():
    rows = [
        ("b", "counting", True),
        ("b", "counting", False),
        ("b", "counting", None),
        ("b", "vague", True),
        ("a", "vague", None),
    ]
    found = accuracies(iter(rows))
    assert (found.variants, found.types) == (("b", "a"), ("vague", "counting"))
    assert found.by_type["b", "counting"] == Accuracy("b", "counting", 1, 2, 3)
    assert found.by_type["b", "counting"].share == 0.5
    assert found.overall["b"] == Accuracy("b", None, 2, 3, 4)
    none = found.by_type["a", "vague"]
    assert (none.share, none.low, none.high) == (None, None, None)
    assert found.by_type["a", "counting"].total == 0


def test_types_come_in_the_order_of_the_known_then_as_they_come_and_other_last():
    given = ("other", "ocr", "counting", "maths", "specific", "ocr")
    assert in_order(given) == ("specific", "counting", "ocr", "maths", "other")
    assert accuracies([]).variants == ()
