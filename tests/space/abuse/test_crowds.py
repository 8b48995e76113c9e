"""A thousand comparisons at once from people who do not wait for them: refused in sentences, and over."""

import gc
import json
import secrets
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from PIL import Image
from tests.support.visitor import Visitor

MIB = 2**20


def resident() -> float:
    """MiB of memory that this process, and so the server in it, holds."""
    gc.collect()
    return psutil.Process().memory_info().rss / MIB


def at_rest(server) -> None:
    """Wait until nothing runs or waits any more; whoever comes then is served."""
    queue = server.page._queue
    for _ in range(6000):
        if not len(queue) and not any(queue.active_jobs):
            return
        server.honest.web.get("startup-events")
    raise AssertionError("the server does not come to rest")


@pytest.mark.usefixtures("nothing_changes")
def test_a_thousand_comparisons_are_each_answered_or_refused_and_none_is_a_fault(server, attacker):
    image = attacker.sends(server.image_file)
    data = [image, "What?", ["baseline"], "", 50, "together", 4]

    def ask(_: int) -> tuple[int, str]:
        answer = attacker.begins("compare", data)
        return answer.status_code, answer.text

    ask(0)
    at_rest(server)
    with ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(ask, range(1000)))
    begun = [json.loads(text)["event_id"] for code, text in answers if code == 200]
    refused = [text for code, text in answers if code != 200]
    assert {code for code, _ in answers} <= {200, 429, 503}
    assert all("full" in text for text in refused)
    assert len(set(begun)) == len(begun)
    for event in begun[:50]:
        told = attacker.web.get(f"call/compare/{event}").text
        assert "event: complete" in told or "event: error" in told
        if "event: error" in told:
            assert "." in told and "unexpectedly" not in told
    at_rest(server)


@pytest.mark.usefixtures("nothing_changes")
def test_what_nobody_reads_does_not_stay(server, attacker):
    image = attacker.sends(server.image_file)
    data = [image, "What?", ["baseline"], "", 50, "together", 4]

    def crowd(count: int) -> None:
        for _ in range(count):
            attacker.begins("compare", data)
        at_rest(server)

    crowd(200)
    before = resident()
    crowd(600)
    assert resident() - before < 60


def test_large_images_of_pages_that_never_were_do_not_stay(server, attacker, tmp_path):
    picture = tmp_path / "large.png"
    Image.new("RGB", (4000, 4000), "red").save(picture)
    large = attacker.sends(picture)
    server.app.lasts._most_bytes = 100 * MIB
    fn = attacker.function("", "compare_form")
    given = {
        "image": large,
        "question": "What?",
        "variants": ["baseline"],
        "free": "",
        "budget": 50,
    }
    data = [given.get(block.elem_id or "", {}) for block in fn.inputs]

    def crowd(count: int) -> None:
        for _ in range(count):
            nobody = Visitor(server.page, session=secrets.token_hex(8))
            assert nobody.asks(fn, data).is_done

    crowd(4)
    before = resident()
    crowd(12)
    assert server.app.lasts.bytes <= 100 * MIB
    # 48 MB each, had all of them stayed.
    assert resident() - before < 200
    assert server.is_well()


def test_no_more_pages_are_known_than_there_is_room_for(server):
    assert server.page.state_session_capacity == 1000
