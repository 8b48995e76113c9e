from html.parser import HTMLParser

import pytest

from convert import Context, advanced, finished, from_run
from figures import has_same_table, table
from gradio_comparisongrid import Cell, Comparison, Metric
from vlmscope import Token, compare

from .conftest import QUESTION


class Cells(HTMLParser):
    """The text of each cell of each row of a table."""

    def __init__(self, html):
        super().__init__()
        self.rows: list[list[str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


@pytest.fixture
def comparison():
    return Comparison(
        metrics=[
            Metric("image_tokens", "Image tokens", digits=0),
            Metric("prefill_s", "Prefill", unit="s", digits=3),
            Metric("peak_mib", "Peak", unit="MiB"),
        ],
        cells=[
            Cell("a", "A", answer="red", metrics={"image_tokens": 1100, "prefill_s": 0.0314}),
            Cell("b", "B", error="There is no checkpoint.", metrics={"image_tokens": 50}),
        ],
    )


def test_a_metric_that_nobody_measured_has_no_column(comparison):
    header = Cells(table(comparison)).rows[0]
    assert header == ["Variant", "Answer", "Image tokens", "Prefill s"]


def test_figures_have_their_digits_and_a_dash_where_there_is_none(comparison):
    first, second = Cells(table(comparison)).rows[1:]
    assert first == ["A", "red", "1,100", "0.031"]
    assert second == ["B", "There is no checkpoint.", "50", "–"]


def test_there_is_no_table_before_anything_was_measured():
    assert table(Comparison(cells=[Cell("a", status="waiting")])) == ""


def test_text_of_a_model_never_becomes_markup(comparison):
    comparison.cells[0].answer = "<img src=x onerror=alert(1)>"
    assert "<img" not in table(comparison)


def test_the_score_is_told_when_the_answer_is_known(finished_run):
    value = from_run(finished_run, Context(expected="red"))
    assert "0 of 3 correct, 1 without an answer to judge (expected: red)." in table(value)


def test_variants_of_one_title_are_told_apart_and_a_stopped_answer_says_so(comparison):
    first, second = comparison.cells
    first.title = second.title = "Random"
    first.subtitle, second.subtitle = "keep 50 %", "keep 20 % · seed 2"
    first.status = "stopped"
    rows = Cells(table(comparison)).rows[1:]
    assert [row[0] for row in rows] == ["Random keep 50 %", "Random keep 20 % · seed 2"]
    assert rows[0][1] == "red (stopped)"


def test_words_alone_leave_the_table_as_it_is_and_all_else_makes_it_anew(base, image):
    value, alone = Comparison(), 0
    for event in compare(base, image, QUESTION, ["baseline", "uniform:keep=25%"], max_new_tokens=4):
        before, value = value, advanced(value, event, Context())
        if before.cells and has_same_table(before, value):
            assert table(before) == table(value)
            assert isinstance(event, Token)
            alone += 1
        else:
            assert not isinstance(event, Token)
    assert alone
    assert not has_same_table(value, finished(value))
