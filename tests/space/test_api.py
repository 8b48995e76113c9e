"""The comparison for programs, asked by clients of each kind."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from tests.support.waiting import as_mcp_client

import api
from application import App
from menu import menu
from page import build, launch_options
from settings import Settings
from shelf import Shelf
from vlmscope import Run, SharedBase, Variant, judge, peek, run
from vlmscope.checkpoints.hub import Hub

from .conftest import QUESTION

MOST_TOKENS = 6


def launched(base: SharedBase, head: Path, **settings: Any):
    own = Settings(max_new_tokens=MOST_TOKENS, max_variants=4, **settings)
    shelf = Shelf.of(own, [str(head)], Hub(), base)
    page = build(App(base, own, menu([peek(head)]), (), shelf))
    page.launch(prevent_thread_lock=True, **launch_options(own))
    return page


@pytest.fixture(scope="module")
def desk(base, head):
    """The app as one person has it for themselves."""
    page = launched(base, head)
    yield page
    page.close()


@pytest.fixture(scope="module")
def server(base, head):
    """The app as strangers share it; it listens here alone all the same."""
    page = launched(base, head, host="0.0.0.0")
    yield page
    page.close()


@pytest.fixture(scope="module")
def client(desk) -> Client:
    return Client(desk.local_url, verbose=False)


@pytest.fixture(scope="module")
def stranger(server) -> Client:
    return Client(server.local_url, verbose=False)


@pytest.fixture
def ask(image_file) -> Callable[..., dict[str, Any]]:
    def asked(client: Client, **arguments: Any) -> dict[str, Any]:
        given = {"image": handle_file(image_file), "question": QUESTION, **arguments}
        return client.predict(**given, api_name="/compare")

    return asked


@pytest.fixture
def refusal(ask) -> Callable[..., str]:
    """The sentence by which a question is refused."""

    def refused(client: Client, **arguments: Any) -> str:
        with pytest.raises(AppError) as said:
            ask(client, **arguments)
        return str(said.value)

    return refused


@pytest.fixture(scope="module")
def by_default(base, image, head) -> Run:
    lines = ["baseline", f"arr-coc:{head},keep=50%"]
    return run(base, image, QUESTION, lines, max_new_tokens=MOST_TOKENS)


def test_it_is_the_only_endpoint_that_is_told_of(client):
    told = client.view_api(return_format="dict")
    assert list(told["named_endpoints"]) == ["/compare"]
    assert told["unnamed_endpoints"] == {}


def test_its_arguments_are_described_with_what_they_may_be(client):
    endpoint = client.view_api(return_format="dict")["named_endpoints"]["/compare"]
    named = {each["parameter_name"]: each for each in endpoint["parameters"]}
    assert list(named) == [
        *("image", "question", "variants", "expected", "budget", "mode", "max_new_tokens")
    ]
    assert named["variants"]["parameter_default"] == ["baseline", "arr-coc:late.safetensors"]
    assert named["mode"]["type"]["enum"] == ["together", "measured"]
    assert named["max_new_tokens"]["parameter_default"] == MOST_TOKENS
    assert "late.safetensors" in endpoint["description"]


def test_a_client_gets_what_the_engine_answers_for_the_baseline_and_the_first_checkpoint(
    client, ask, by_default
):
    told = ask(client)
    assert [each["variant"] for each in told["variants"]] == [
        "baseline",
        "arr-coc:late.safetensors,keep=50%",
    ]
    for outcome, result in zip(told["variants"], by_default.results, strict=True):
        assert outcome["status"] == "done"
        assert outcome["answer"] == result.answer
        assert outcome["image_tokens"] == len(result.kept)
        assert outcome["image_tokens_total"] == by_default.image.tokens
        assert outcome["metrics"]["prefill_s"]["unit"] == "s"
        assert outcome["correct"] is None
    assert told["conditions"]["mode"] == "together"
    assert told["conditions"]["options"]["max_new_tokens"] == MOST_TOKENS
    assert set(told["metrics"]) >= {"prefill_s", "kv_mib"}


def test_answers_are_judged_by_the_expected_one(client, ask, by_default):
    answer = by_default.results[0].answer
    told = ask(client, expected=answer)["variants"]
    for outcome, result in zip(told, by_default.results, strict=True):
        verdict = judge(result.answer, [answer])
        assert verdict
        assert (outcome["correct"], outcome["judged_by"]) == (verdict.correct, verdict.how)


def test_the_budget_is_that_of_variants_that_name_none(client, ask, by_default):
    lines = ["random", "random:keep=3"]
    kept = [each["image_tokens"] for each in ask(client, variants=lines, budget=25)["variants"]]
    assert kept == [Variant("random", options={"keep": "25%"}).keep.of(by_default.image.tokens), 3]


def test_measured_figures_come_with_their_spread(client, ask):
    told = ask(client, variants=["baseline"], mode="measured", max_new_tokens=2)
    total = told["variants"][0]["metrics"]["total_s"]
    assert total["n"] == 3
    assert total["low"] <= total["value"] <= total["high"]


def test_a_variant_that_fails_leaves_the_others_alone(client, ask, tmp_path):
    gone = tmp_path / "broken.safetensors"
    gone.write_bytes(b"no checkpoint")
    told = ask(client, variants=["baseline", f"arr-coc:{gone}"])["variants"]
    assert [each["status"] for each in told] == ["done", "failed"]
    assert "broken.safetensors" in told[1]["error"]


def test_each_variant_that_ends_is_told_at_once(client, image_file):
    lines = ["baseline", "random"]
    job = client.submit(handle_file(image_file), QUESTION, lines, api_name="/compare")
    last = job.result(timeout=120)
    seen = [[each["status"] for each in document["variants"]] for document in job.outputs()]
    assert all(each["status"] == "done" for each in last["variants"])
    assert ["done", "running"] in seen or ["running", "done"] in seen


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"question": " "}, "There is no question yet"),
        ({"question": 7}, "question=7 is no text"),
        ({"variants": []}, "0 variants are given; give from 1 to 4."),
        ({"variants": ["baseline"] * 5}, "5 variants are given; give from 1 to 4."),
        ({"variants": "baseline"}, "variants='baseline' is no list of lines"),
        ({"variants": ["sharpest"]}, "'sharpest' is no kind"),
        ({"budget": 0}, "A budget of 0 % is none"),
        ({"budget": "half"}, "A budget of half % is none"),
        ({"mode": "quick"}, "mode='quick' is unknown"),
        ({"max_new_tokens": 7}, "max_new_tokens=7 cannot be had; give a whole number from 1 to 6."),
        ({"expected": ["red"]}, "expected=['red'] is no text"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(client, refusal, arguments, sentence):
    assert sentence in refusal(client, **arguments)


def test_only_a_file_that_was_sent_is_read(client, refusal, image_file):
    assert "is no file; upload one" in refusal(client, image=str(image_file))
    unmarked = {"path": str(image_file)}
    assert "is no file; upload one" in refusal(client, image=unmarked)


def test_a_file_that_is_claimed_to_be_sent_is_not_read(desk, image_file):
    # By hand: Gradio's own client would send it.
    forged = {"path": str(image_file), "meta": {"_type": "gradio.FileData"}}
    calls = f"{desk.local_url}gradio_api/call/compare"
    begun = httpx.post(
        calls, json={"data": [forged, QUESTION, ["baseline"], "", 50, "together", 2]}
    ).json()
    told = httpx.get(f"{calls}/{begun['event_id']}", timeout=60).text
    assert "event: error" in told
    assert "answer" not in told


def test_a_file_that_is_no_image_is_refused_by_its_name(client, refusal, tmp_path):
    notes = tmp_path / "notes.png"
    notes.write_text("not an image")
    sentence = refusal(client, image=handle_file(notes))
    assert "'notes.png' is no image that can be read" in sentence
    assert str(tmp_path) not in sentence


def test_an_address_that_gives_no_image_is_named(client, refusal, image_file):
    address = "http://127.0.0.1:9/scene.png"
    image = {"path": address, "meta": {"_type": "gradio.FileData"}}
    assert f"{address!r} cannot be fetched" in refusal(client, image=image)


def test_a_fault_of_the_app_is_one_sentence(client, refusal, ask, monkeypatch):
    with monkeypatch.context() as fault:
        fault.setattr(api, "read_form", lambda *arguments: 1 / 0)
        assert "failed unexpectedly" in refusal(client)
    assert ask(client)["variants"]


def test_strangers_name_offered_checkpoints_alone_and_learn_no_place(
    stranger, ask, refusal, head, tmp_path
):
    told = ask(stranger)
    assert told["variants"][1]["variant"] == "arr-coc:late.safetensors,keep=50%"
    assert str(head.parent) not in json.dumps(told)
    for other in (tmp_path / "other.safetensors", "hf://someone/else"):
        sentence = refusal(stranger, variants=[f"arr-coc:{other}"])
        assert "is no checkpoint this server offers" in sentence


def test_an_offered_checkpoint_that_breaks_is_told_to_strangers_by_its_name(stranger, ask, head):
    whole = head.read_bytes()
    head.write_bytes(b"no checkpoint any more")
    try:
        told = ask(stranger, variants=["arr-coc:late.safetensors,keep=30%"])
    finally:
        head.write_bytes(whole)
    (outcome,) = told["variants"]
    assert outcome["status"] == "failed"
    assert "late.safetensors" in outcome["error"]
    assert str(head.parent) not in json.dumps(told)


def test_it_is_the_only_tool_and_its_schema_stands_for_itself(desk):
    tools = as_mcp_client(desk.local_url, lambda session: session.list_tools()).tools
    assert [tool.name for tool in tools] == ["compare"]
    (tool,) = tools
    properties = tool.inputSchema["properties"]
    assert tool.inputSchema["required"] == ["image", "question"]
    assert "Kinds: baseline" in tool.description
    assert all(each.get("description") for each in properties.values())
    assert properties["image"]["type"] == "string"
    assert properties["variants"]["items"] == {"type": "string"}


def test_a_tools_result_is_the_same_document_as_json(desk, client, ask, image_file):
    image = "data:image/png;base64," + base64.b64encode(image_file.read_bytes()).decode()
    arguments = {"image": image, "question": QUESTION}
    told = as_mcp_client(desk.local_url, lambda session: session.call_tool("compare", arguments))
    assert not told.isError, told.content
    document = json.loads(told.content[0].text)
    answers = [each["answer"] for each in document["variants"]]
    assert answers == [each["answer"] for each in ask(client)["variants"]]


def test_a_tool_refuses_in_a_sentence(desk, image_file):
    image = "data:image/png;base64," + base64.b64encode(image_file.read_bytes()).decode()
    arguments = {"image": image, "question": " "}
    told = as_mcp_client(desk.local_url, lambda session: session.call_tool("compare", arguments))
    assert told.isError
    assert "There is no question yet" in told.content[0].text


def test_a_tool_reads_no_file_by_its_place(desk, image_file):
    arguments = {"image": str(image_file), "question": QUESTION}
    told = as_mcp_client(desk.local_url, lambda session: session.call_tool("compare", arguments))
    assert told.isError
