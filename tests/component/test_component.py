"""The Gradio component: what an app and its clients can do with it."""

import json
from typing import Any

import gradio as gr
import httpx
import numpy as np
import PIL.Image
import pytest
from gradio_client import Client
from pydantic import ValidationError

from gradio_comparisongrid import Cell, Comparison, ComparisonGrid, InvalidComparison
from gradio_comparisongrid.component import ComparisonGrid as Grid


def stream():
    value = Comparison(query="q", cells=[Cell("a", status="running")])
    for word in ("The", " star", " is", " red."):
        value.cells[0].answer += word
        yield value
    value.cells[0].status = "done"
    yield value


@pytest.fixture(scope="module")
def address(cache):
    """A running app: one function that gives back what it gets, one that streams."""
    with gr.Blocks() as app:
        shown, answer = ComparisonGrid(), ComparisonGrid()
        seen = gr.Textbox()
        gr.Button().click(lambda value: value, shown, answer, api_name="echo")
        gr.Button().click(stream, None, answer, api_name="stream")
        gr.Button().click(lambda value: type(value).__name__, shown, seen, api_name="kind")
    _, url, _ = app.launch(prevent_thread_lock=True, quiet=True)
    yield url
    app.close()


def post(address: str, name: str, payload) -> tuple[str, str]:
    """Call a function as a stranger would, past the client library: the last event and its data."""
    base = f"{address}gradio_api/call/{name}"
    event = httpx.post(base, json={"data": [payload]}).json()["event_id"]
    lines = httpx.get(f"{base}/{event}", timeout=20).text.strip().splitlines()
    return lines[-2].removeprefix("event: "), lines[-1].removeprefix("data: ")


def test_an_app_may_show_a_value_a_function_or_nothing(value):
    assert ComparisonGrid(value).value["cells"][1]["id"] == "half"
    assert ComparisonGrid(lambda: value).value["query"] == value.query
    assert ComparisonGrid().value is None


def test_postprocess_takes_a_comparison_or_its_json(value):
    grid = Grid()
    assert grid.postprocess(value) is value
    assert grid.postprocess(value.model_dump()) == value
    assert grid.postprocess(None) is None


def test_json_given_to_postprocess_never_opens_a_path():
    with pytest.raises(ValidationError):
        Grid().postprocess({"image": "/etc/passwd"})


def test_a_function_gets_a_comparison(value):
    assert Grid().preprocess(value) is value


SETTINGS = {
    "layer": "relevance",
    "colormap": "magma",
    "opacity": 0.3,
    "threshold": 20,
    "normalize": "cell",
    "smooth": True,
    "linked": False,
    "difference": True,
    "answers": "changes",
    "deltas": "ratio",
    "voting": True,
    "blind": True,
    "seed": 7,
    "columns": 2,
    "height": 400,
}


def test_every_setting_reaches_the_page():
    config = Grid(**SETTINGS).get_config()
    assert {name: config[name] for name in SETTINGS} == SETTINGS


def test_the_settings_are_plain_until_an_app_asks_for_more():
    config = Grid().get_config()
    assert {name: config[name] for name in SETTINGS} == {
        "layer": None,
        "colormap": "viridis",
        "opacity": 0.6,
        "threshold": 0,
        "normalize": "shared",
        "smooth": False,
        "linked": True,
        "difference": False,
        "answers": "marked",
        "deltas": "percent",
        "voting": False,
        "blind": False,
        "seed": None,
        "columns": None,
        "height": None,
    }


@pytest.mark.parametrize(
    ("setting", "needs"),
    [
        (
            {"colormap": "jet"},
            "one of 'viridis', 'magma', 'cividis', 'inferno', 'grey', 'diverging'",
        ),
        ({"normalize": None}, "one of 'shared', 'cell', 'percentile'"),
        ({"answers": ["plain"]}, "one of 'plain', 'marked', 'changes'"),
        ({"deltas": "log"}, "one of 'absolute', 'percent', 'ratio'"),
        ({"opacity": 3}, "a number from 0 to 1"),
        ({"opacity": float("nan")}, "a number from 0 to 1"),
        ({"opacity": "0.5"}, "a number from 0 to 1"),
        ({"threshold": -1}, "a number from 0 to 100"),
        ({"threshold": True}, "a number from 0 to 100"),
        ({"columns": 0}, "a whole number from 1 to 2^53, or None"),
        ({"columns": 2.5}, "a whole number from 1 to 2^53, or None"),
        ({"seed": "7"}, "a whole number from -2^53 to 2^53, or None"),
        ({"seed": 2**60}, "a whole number from -2^53 to 2^53, or None"),
        ({"smooth": 1}, "True or False"),
        ({"linked": None}, "True or False"),
        ({"difference": "yes"}, "True or False"),
        ({"voting": 0}, "True or False"),
        ({"blind": "True"}, "True or False"),
    ],
)
def test_a_setting_out_of_bounds_is_refused_with_what_is_allowed(setting, needs):
    (name, value), *_ = setting.items()
    with pytest.raises(ValueError) as refusal:
        Grid(**setting)
    assert str(refusal.value) == f"ComparisonGrid: {name} is {value!r}, but it needs {needs}"


def test_numpys_numbers_are_taken_as_settings():
    settings: dict[str, Any] = {"opacity": np.float32(0.5), "columns": np.int64(2)}
    config = Grid(**settings).get_config()
    assert (config["opacity"], config["columns"]) == (0.5, 2)


def test_the_example_is_a_valid_value():
    grid = Grid()
    assert Comparison.from_json(grid.example_payload()) == grid.example_value()


def test_an_example_row_says_the_question_and_how_many_cells(value):
    assert Grid().process_example(value) == "What colour is the star? · 2 cells"


def test_flagging_keeps_the_image_with_the_value(value, tmp_path):
    grid = Grid()
    restored = grid.read_from_flag(grid.flag(value.model_dump(), tmp_path / "flags"))
    assert str(tmp_path / "flags") in restored.image.path
    assert restored.cells == value.cells


def test_cached_examples_give_the_value_back(value, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_EXAMPLES_CACHE", str(tmp_path / "examples"))
    with gr.Blocks():
        query, grid = gr.Textbox(), ComparisonGrid()
        examples = gr.Examples(
            [["q"]], query, grid, fn=lambda _: value, cache_examples=True, cache_mode="eager"
        )
    cached = examples.load_from_cache(0)[0]
    assert cached.cells[1].layers == value.cells[1].layers


def test_the_api_page_describes_the_value(address):
    info = httpx.get(f"{address}gradio_api/info").json()["named_endpoints"]["/echo"]
    described = info["parameters"][0]["type"]["properties"]
    assert set(described) == set(Comparison.model_fields)


def test_a_client_sends_a_value_and_gets_it_back(address, value, photo, scores):
    client = Client(address, verbose=False)
    sent = Grid(value).value
    returned = client.predict(sent, api_name="/echo")
    back = Comparison(**returned)
    assert np.array_equal(back.cells[1].layers[0].to_array(), scores)
    assert back.cells == value.cells
    assert back.image is not None
    assert np.array_equal(np.asarray(PIL.Image.open(back.image.path)), np.asarray(photo))
    assert client.predict(sent, api_name="/kind") == "Comparison"


def test_a_client_sees_an_answer_stream_in(address):
    job = Client(address, verbose=False).submit(api_name="/stream")
    final: dict[str, Any] = job.result(timeout=20)
    outputs: list[Any] = job.outputs()
    answers = [output["cells"][0]["answer"] for output in outputs]
    assert answers[0] == "The"
    assert answers[-1] == final["cells"][0]["answer"] == "The star is red."
    assert final["cells"][0]["status"] == "done"


def _as_file(path: str) -> dict:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize("naming", [str, _as_file, lambda path: {"path": path}])
@pytest.mark.parametrize(
    "place",
    [lambda image: {"image": image}, lambda image: {"cells": [{"id": "a", "image": image}]}],
)
def test_a_client_that_names_a_file_outside_the_cache_is_refused(address, tmp_path, naming, place):
    # In the temporary folder, from which an app's own function may give files away.
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    event, data = post(address, "echo", place(naming(str(secret))))
    assert event == "error"
    assert "secret" not in data


def test_the_same_call_without_a_path_goes_through(address):
    event, data = post(address, "echo", {"cells": [{"id": "a", "answer": "red"}]})
    assert event == "complete"
    assert json.loads(data)[0]["cells"][0]["answer"] == "red"


def test_an_error_in_a_value_is_a_value_error():
    assert issubclass(InvalidComparison, ValueError)
