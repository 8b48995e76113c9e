"""Event data: typed for the function that takes it, and a sentence for a page that sends nonsense."""

import gradio as gr
import pytest
from gradio.events import EventData
from gradio.exceptions import Error
from gradio.helpers import special_args

from gradio_comparisongrid import ComparisonGrid, Selection, Vote

VOTE = {"chosen": ["b"], "verdict": "best", "order": ["b", "a"], "blind": True}
SELECTION = {"cell": "a", "row": 2, "col": 3, "value": 0.5, "index": [2, 3]}


def given_to(function, data):
    """What Gradio gives a function as its event data."""
    return special_args(function, [], event_data=EventData(None, data))[0][0]


def test_a_vote_is_typed():
    def on_vote(vote: Vote): ...

    vote = given_to(on_vote, VOTE)
    assert (vote.chosen, vote.verdict, vote.order, vote.blind) == (["b"], "best", ["b", "a"], True)


@pytest.mark.parametrize("verdict", ["tie", "bad"])
def test_a_tie_and_all_bad_choose_nobody(verdict):
    assert Vote(None, VOTE | {"verdict": verdict, "chosen": []}).chosen == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "Vote is None: it needs an object with named fields"),
        ({"verdict": "tie", "order": [], "blind": False}, "Vote.chosen is missing"),
        (VOTE | {"chosen": [3]}, "Vote.chosen[0] is 3: input should be a valid string"),
        (VOTE | {"order": "ba"}, "Vote.order is 'ba': input should be a valid list"),
        (
            VOTE | {"verdict": "win"},
            "Vote.verdict is 'win': input should be 'best', 'tie' or 'bad'",
        ),
        (VOTE | {"blind": "no"}, "Vote.blind is 'no': input should be a valid boolean"),
        (VOTE | {"chosen": ["c"]}, "Vote.chosen has 'c', which is not among those shown"),
        (VOTE | {"order": ["b", "b"]}, "Vote.order has 'b' twice"),
        (VOTE | {"verdict": "tie"}, "Vote.verdict is 'tie' with 1 chosen: only 'best' has any"),
        (VOTE | {"chosen": []}, "Vote.verdict is 'best' with 0 chosen: only 'best' has any"),
    ],
)
def test_a_vote_that_is_none_gets_a_sentence(data, says):
    with pytest.raises(Error) as refusal:
        Vote(None, data)
    assert refusal.value.message == says


def test_a_selection_is_typed_and_still_gradios_own():
    def on_select(at: Selection): ...

    at = given_to(on_select, SELECTION)
    assert (at.cell, at.row, at.col, at.value, at.index) == ("a", 2, 3, 0.5, [2, 3])
    assert at._data["cell"] == "a"
    assert isinstance(at, gr.SelectData)


def test_gradios_own_selection_goes_on_working():
    def on_select(at: gr.SelectData): ...

    at = given_to(on_select, SELECTION)
    assert (at.index, at.value, at._data["cell"], at.cell) == ([2, 3], 0.5, "a", "a")


def test_a_token_without_a_value_may_be_selected():
    assert Selection(None, SELECTION | {"value": None}).value is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "Selection.cell is missing; Selection.row is missing"),
        (SELECTION | {"row": -1}, "Selection.row is -1: input should be greater"),
        (SELECTION | {"col": "3"}, "Selection.col is '3': input should be a valid integer"),
    ],
)
def test_a_selection_that_is_none_gets_a_sentence(data, says):
    with pytest.raises(Error) as refusal:
        Selection(None, data)
    assert refusal.value.message.startswith(says)


@pytest.fixture(scope="module")
def address(cache):
    """A running app that says what its events carried."""

    def voted(vote: Vote) -> str:
        return f"{vote.verdict} {vote.chosen} of {vote.order} in {type(vote.target).__name__}"

    def selected(at: Selection) -> str:
        return f"{at.cell} {at.row} {at.col}"

    with gr.Blocks() as app:
        grid, said = ComparisonGrid(), gr.Textbox()
        grid.vote(voted, None, said, api_name="vote")
        grid.select(selected, None, said, api_name="select")
    _, url, _ = app.launch(prevent_thread_lock=True, quiet=True)
    yield url
    app.close()


def test_a_running_app_gets_the_vote_and_where_it_came_from(address, fire):
    told = fire(address, "vote", event=VOTE)
    assert told["output"]["data"] == ["best ['b'] of ['b', 'a'] in ComparisonGrid"]


def test_a_running_app_gets_the_selection(address, fire):
    assert fire(address, "select", event=SELECTION)["output"]["data"] == ["a 2 3"]


def test_whoever_sends_nonsense_reads_why_it_was_refused(address, fire, capfd):
    told = fire(address, "vote", event={"chosen": []})
    assert not told["success"]
    assert told["output"]["error"].startswith("Vote.verdict is missing")
    assert "Traceback" not in capfd.readouterr().err


def test_a_call_without_an_event_reads_why_it_was_refused(address, fire):
    assert fire(address, "vote")["output"]["error"].startswith("Vote is None")
