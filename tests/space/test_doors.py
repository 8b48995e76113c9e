"""What Gradio offers and the app does not need is closed; what comes in is bounded."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from doors import Bounds, Doors


def client(bounds: Bounds | None) -> TestClient:
    async def length(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    routes = [Route("/{path:path}", length, methods=["GET", "POST", "PUT"])]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Doors, bounds=bounds)]))


@pytest.mark.parametrize(
    "path",
    [
        *("file=http://1.1.1.1/", "file=https://1.1.1.1/", "file=HTTP://1.1.1.1/"),
        *("file/http://1.1.1.1/", "file=%68ttp://1.1.1.1/", "file=%20http://1.1.1.1/"),
        *("proxy=http://1.1.1.1/", "process_recording", "dev/reload", "vibe-code/", "vibe-edit"),
        *(
            "undo-vibe-edit",
            "runs",
            "runs/",
            "run-history/records",
            "profiling/traces",
            "deep_link",
        ),
    ],
)
@pytest.mark.parametrize("bounds", [None, Bounds()])
def test_what_nobody_needs_is_not_there(path, bounds):
    for method in ("GET", "POST"):
        assert client(bounds).request(method, f"/gradio_api/{path}").status_code == 404


@pytest.mark.parametrize("path", ["monitoring", "monitoring/summary", "monitoring/key"])
def test_nobody_watches_what_others_do(path):
    assert client(Bounds()).get(f"/{path}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "config",
            "gradio_api/run/predict",
            "gradio_api/queue/join",
            "gradio_api/call/compare",
        ),
        *("gradio_api/file=/tmp/gradio/a/b.png", "gradio_api/upload", "gradio_api/heartbeat/abc"),
        *("gradio_api/mcp/", "gradio_api/info", "gradio_api/startup-events", "theme.css"),
    ],
)
def test_what_the_page_and_programs_need_is(path):
    assert client(Bounds()).get(f"/{path}").status_code == 200


def pieces(count: int) -> Iterator[bytes]:
    """A body that does not say how long it will be."""
    for _ in range(count):
        yield b"x" * 1000


@pytest.mark.parametrize(("path", "most"), [("queue/join", 10_000), ("upload", 20_000)])
def test_a_request_within_its_bound_comes_in_and_a_longer_one_does_not(path, most):
    bounded = client(Bounds(fields=10_000, files=20_000))
    place = f"/gradio_api/{path}"
    count = most // 1000
    assert bounded.post(place, content=b"x" * most).text == str(most)
    assert bounded.post(place, content=pieces(count)).text == str(most)
    for body in (b"x" * (most + 1), pieces(count + 1)):
        answer = bounded.post(place, content=body)
        assert answer.status_code == 413
        assert "the most here" in answer.text


def test_a_length_that_is_a_lie_is_counted_all_the_same():
    bounded = client(Bounds(fields=1000, files=1000))
    headers = {"Content-Length": "1"}
    assert (
        bounded.post("/gradio_api/queue/join", content=b"x" * 9000, headers=headers).status_code
        == 413
    )


def test_at_the_desk_nothing_is_too_large():
    assert client(None).post("/gradio_api/queue/join", content=b"x" * 100_000).text == "100000"
