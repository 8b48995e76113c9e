"""The grid where Gradio lets a component be: every kind of app, every way to call one."""

import csv
import inspect
import json
from typing import Any

import gradio as gr
import httpx
import numpy as np
import PIL.Image
import pytest
from gradio_client import Client
from tests.support.waiting import as_mcp_client

from gradio_comparisongrid import Cell, Comparison, ComparisonGrid, Layer, Tokens, Word

UPDATE: dict[str, Any] = {
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
    "height": "50vh",
    "label": "Four variants",
    "show_label": False,
    "container": False,
    "scale": 2,
    "min_width": 320,
    "interactive": False,
    "visible": "hidden",
    "elem_id": "grid",
    "elem_classes": ["wide"],
}

FIRST = Comparison(query="q", cells=[Cell("a", answer="red")])


def growing() -> Any:
    """A value that gets its words, each with its map, one by one, and its layers at the end."""
    maps = np.random.default_rng(0).random((4, 3, 2))
    value = Comparison(query="q", cells=[Cell("a", status="running"), Cell("b", status="waiting")])
    for text, scores in zip(("The", " star", " is", " 🟥."), maps, strict=True):
        cell = value.cells[0]
        start = len(cell.answer)
        cell.answer += text
        cell.words = [*cell.words, Word(start, len(cell.answer), scores, dtype="float16")]
        yield value
    value.cells[0].layers = [Layer.from_array("mean", maps.mean(axis=0))]
    value.cells[0].tokens = Tokens.from_mask(maps[0] > 0.5)
    value.cells[0].status = "done"
    yield value


def echo(value: Comparison) -> Comparison:
    """Give a comparison back."""
    return value


def count(value: Comparison) -> str:
    """How many cells a comparison has, and whether it has an image."""
    image = value.image and PIL.Image.open(value.image.path).size
    return f"{len(value.cells)} {image}"


@pytest.fixture(scope="module")
def address(cache):
    """A running app with the grid in rows, tabs and a rendered part, that MCP clients may call."""
    with gr.Blocks() as app:
        with gr.Row(), gr.Column():
            shown = ComparisonGrid()
        with gr.Tabs():
            with gr.Tab("Away"):
                gr.Markdown("Another one")
            with gr.Tab("Here"), gr.Accordion("More", open=False):
                other = ComparisonGrid()
        said, number = gr.Textbox(), gr.Number(2)
        button = gr.Button()
        button.click(echo, shown, other, api_name="echo")
        button.click(count, shown, said, api_name="count")
        button.click(growing, None, other, api_name="grow")
        button.click(lambda: ComparisonGrid(FIRST, **UPDATE), None, other, api_name="update")
        button.click(lambda: ComparisonGrid(opacity=3), None, other, api_name="wrong")
        button.click(lambda: gr.update(columns=0), None, other, api_name="wrong_too")

        @gr.render(inputs=number)
        def rendered(cells: float):
            ids = [f"c{place}" for place in range(int(cells))]
            ComparisonGrid(Comparison(cells=[Cell(id) for id in ids]), key="grid", columns=2)

    _, url, _ = app.launch(prevent_thread_lock=True, quiet=True, mcp_server=True)
    yield url
    app.close()


@pytest.fixture(scope="module")
def client(address) -> Client:
    return Client(address, verbose=False)


def same_but_for_the_file(one: Comparison, other: Comparison) -> bool:
    """Whether two values are equal, with the same pixels wherever their files lie."""
    return one.model_dump(exclude={"image"}) == other.model_dump(exclude={"image"}) and (
        pixels(one).tolist() == pixels(other).tolist()
    )


def pixels(value: Comparison) -> np.ndarray:
    assert value.image is not None
    return np.asarray(PIL.Image.open(value.image.path))


def test_in_rows_tabs_and_accordions_a_value_comes_back_as_it_went_in(client, value):
    sent = ComparisonGrid(value).value
    assert same_but_for_the_file(Comparison(**client.predict(sent, api_name="/echo")), value)


def test_a_streamed_value_is_whole_in_the_end(client):
    *_, last = growing()
    job = client.submit(api_name="/grow")
    assert Comparison(**job.result(timeout=20)) == last
    outputs = [Comparison(**output) for output in job.outputs()]
    assert [len(output.cells[0].words) for output in outputs][:4] == [1, 2, 3, 4]
    assert outputs[-1] == last


def test_an_interface_takes_and_gives_a_comparison(value):
    app = gr.Interface(echo, ComparisonGrid(), ComparisonGrid(), api_name="echo")
    _, url, _ = app.launch(prevent_thread_lock=True, quiet=True)
    try:
        sent = ComparisonGrid(value).value
        back = Client(url, verbose=False).predict(sent, api_name="/echo")
    finally:
        app.close()
    assert same_but_for_the_file(Comparison(**back), value)


def test_the_value_and_every_setting_can_be_changed_by_an_event(client):
    changed = client.predict(api_name="/update")
    assert Comparison(**changed.pop("value")) == FIRST
    assert changed == UPDATE | {"__type__": "update"}


def test_no_setting_is_left_out_of_that_test():
    fixed = {"self", "value", "every", "inputs", "render", "key", "preserved_by_key"}
    assert set(inspect.signature(ComparisonGrid.__init__).parameters) == set(UPDATE) | fixed


@pytest.mark.parametrize("name", ["wrong", "wrong_too"])
def test_a_wrong_setting_in_an_event_is_refused(address, fire, name):
    assert not fire(address, name)["success"]


def rendered_grid(message: dict[str, Any]) -> dict[str, Any]:
    (grid,) = (
        component
        for component in message["output"]["render_config"]["components"]
        if component["type"] == "comparisongrid"
    )
    return grid


def test_a_rendered_grid_with_a_key_stays_the_same_grid(address, fire):
    def render(cells: int) -> dict[str, Any]:
        # "apply" is what Gradio calls every rendering function.
        return rendered_grid(fire(address, "apply", [cells], session="one page"))

    first, second = render(2), render(3)
    assert first["id"] == second["id"]
    assert first["key"] == second["key"] is not None
    assert second["props"]["columns"] == 2
    assert second["props"]["preserved_by_key"] == ["value"]
    assert len(second["props"]["value"]["cells"]) == 3


@pytest.mark.parametrize("form", [lambda value: value, Comparison.model_dump])
def test_examples_cached_at_the_start_take_a_grid_and_give_its_value_back(
    form, value, tmp_path, monkeypatch, fire
):
    monkeypatch.setenv("GRADIO_EXAMPLES_CACHE", str(tmp_path / "examples"))
    seen = []
    with gr.Blocks() as app:
        shown, answer = ComparisonGrid(), ComparisonGrid()
        gr.Examples(
            [[form(value)]],
            shown,
            answer,
            fn=lambda given: seen.append(given) or given,
            cache_examples=True,
            cache_mode="eager",
        )
    _, url, _ = app.launch(prevent_thread_lock=True, quiet=True)
    try:
        assert [type(given) for given in seen] == [Comparison]
        told = fire(url, "load_example_output", [[0, [""]]])
    finally:
        app.close()
    assert len(seen) == 1
    (cached,) = told["output"]["data"]
    assert same_but_for_the_file(Comparison(**cached), value)


def test_an_example_is_told_in_a_line(value):
    with gr.Blocks() as app:
        gr.Examples([[value]], ComparisonGrid())
    (examples,) = (
        component
        for component in app.get_config_file()["components"]
        if component["type"] == "dataset"
    )
    assert examples["props"]["samples"] == [["What colour is the star? · 2 cells"]]


def test_a_flagged_value_is_read_back_from_the_log(value, tmp_path):
    grid = ComparisonGrid(label="grid")
    logger = gr.CSVLogger(simplify_file_data=False, dataset_file_name="log.csv")
    logger.setup([grid], str(tmp_path / "flags"))
    logger.flag([value.model_dump()])
    csv.field_size_limit(10_000_000)
    with (tmp_path / "flags" / "log.csv").open(newline="") as log:
        (row,) = csv.DictReader(log)
    assert same_but_for_the_file(grid.read_from_flag(row["grid"]), value)


def call_tool(address: str, name: str, arguments: dict[str, Any]) -> Any:
    return as_mcp_client(address, lambda session: session.call_tool(name, arguments))


def test_the_schema_of_a_tool_stands_for_itself(address):
    tools = httpx.get(f"{address}gradio_api/mcp/schema").json()
    (schema,) = (tool["inputSchema"] for tool in tools if tool["name"] == "count")
    described = schema["properties"]["value"]
    assert "$ref" not in json.dumps(schema)
    assert set(described["properties"]) == set(Comparison.model_fields)
    assert set(described["properties"]["cells"]["items"]["properties"]) == set(Cell.model_fields)
    assert described["properties"]["image"]["type"] == "string"


def test_an_mcp_client_may_send_a_comparison(address, value):
    sent = value.model_dump(mode="json", exclude={"image"})
    told = call_tool(address, "count", {"value": sent})
    assert not told.isError, told.content
    assert told.content[0].text == "2 None"


def test_an_mcp_client_may_send_an_image_with_it(address, value, tmp_path):
    saved = json.loads(value.save(tmp_path / "run.json").read_text())
    saved["image"] = saved["image"]["url"]
    told = call_tool(address, "count", {"value": saved})
    assert not told.isError, told.content
    assert told.content[0].text == "2 (120, 90)"


def test_an_mcp_client_gets_a_comparison(address, value):
    sent = value.model_dump(mode="json", exclude={"image"})
    told = call_tool(address, "echo", {"value": sent})
    assert not told.isError, told.content
    assert "The star is red." in told.content[0].text
