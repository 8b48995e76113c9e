"""Paths and addresses where names belong: no file of the server and no machine beside it is read."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from tests.support.visitor import named

from ..conftest import QUESTION

pytestmark = pytest.mark.usefixtures("nothing_changes")

FILES = ("../../etc/passwd", "/etc/passwd", "/proc/self/environ", "~/.netrc", "..\\..\\boot.ini")
ADDRESSES = (
    *("file:///etc/passwd", "http://169.254.169.254/latest/meta-data", "hf://../x", "hf://else/../someone"),
    *("hf://spaces/../../x/y", "ftp://10.0.0.1/a", "//169.254.169.254/a", "gopher://127.0.0.1:6379/_INFO"),
)  # fmt: skip


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """A service of this machine that nobody outside may reach, and what was sent to it."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(1000))

        threading.Thread(target=listen, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}", asked


@pytest.mark.parametrize("place", [*FILES, *ADDRESSES])
def test_no_checkpoint_is_read_by_its_place(server, attacker, sentence, place):
    image = attacker.sends(server.image_file)
    before = len(server.hub.requests)
    for line in (f"arr-coc:{place}", f'lora:"{place}"', f'baseline:lora="{place}"'):
        told = attacker.compares(image, variants=[line])
        assert not told.is_done
        assert "root:" not in sentence(told)
        form = attacker.does(
            "", "compare_form", image=image, question=QUESTION, free=line, variants=["baseline"]
        )
        assert "is no checkpoint this server offers" in form.text or "Line 1" in form.text
    assert len(server.hub.requests) == before


@pytest.mark.parametrize("place", [*FILES, *ADDRESSES, "else/heads", "hf://else/heads"])
def test_no_place_is_looked_into_but_repositories_that_are_allowed(server, attacker, place):
    told = attacker.does("look_into", "checkpoints.looking", place=place)
    assert told.is_done
    assert "root:" not in told.text
    refusals = ("This server looks only into", "may not be read here", "names no repository")
    assert any(refusal in told.said for refusal in refusals), told.said
    assert not server.hub.asked("else/heads")


def test_a_repository_that_is_not_allowed_is_refused_wherever_it_is_named(
    server, attacker, sentence
):
    image = attacker.sends(server.image_file)
    told = attacker.compares(image, variants=["arr-coc:hf://else/heads"])
    assert "is no checkpoint this server offers" in sentence(told)
    looked = attacker.does("look_into", "checkpoints.looking", place="hf://else/heads")
    assert "else/heads may not be read here" in looked.said
    followed = attacker.does(
        *("show", "linking"),
        query=f"?image={server.image_file.name}&q=What&v=arr-coc:hf://else/heads",
    )
    assert followed.is_done
    assert not server.hub.asked("else/heads")


@pytest.mark.parametrize("place", ["/etc/passwd", "/proc/self/environ", "../../etc/passwd"])
def test_no_file_of_the_server_is_taken_for_one_that_was_sent(server, attacker, place):
    database = str(server.app.history.folder / "history.sqlite3")
    for path in (place, database, str(server.image_file), __file__):
        for image in (named(path), {"path": path}, path, {**named(path), "url": path}):
            in_batch = attacker.does(
                *("run", "batch.tab"),
                batch_images=[{"image": image, "caption": None}],
                batch_questions=QUESTION,
                batch_variants=["baseline"],
            )
            form = [("", "compare_form"), ("count", "compare_tab")]
            asked = [attacker.does(*event, image=image) for event in form]
            for told in (attacker.compares(image), in_batch, *asked):
                assert not told.is_done, (image, told.text)
        suite = attacker.does(
            *("run", "batch.tab"), batch_source="Suite file", batch_files=[named(path)]
        )
        bring = attacker.function("bring", "history.transfer")
        data = [named(path) if "Upload" in type(b).__name__ else None for b in bring.inputs]
        for told in (suite, attacker.asks(bring, data)):
            assert not told.is_done
            assert "root:" not in told.text


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_machine_inside_is_asked_for_an_image(attacker, sentence, listener, scheme):
    inside, asked = listener
    port = inside.rsplit(":", 1)[1]
    for host in (
        inside,
        f"localhost:{port}",
        f"[::1]:{port}",
        f"2130706433:{port}",
        f"0x7f.1:{port}",
    ):
        address = f"{scheme}://{host}/a.png"
        assert "cannot be fetched" in sentence(attacker.compares(named(address)))
        assert not attacker.does("", "compare_form", image=named(address), question="?").is_done
        for way in ("file=", "file/", "proxy="):
            assert attacker.web.get(f"{way}{address}").status_code == 404
    assert not asked


def test_the_metadata_of_a_cloud_is_not_asked(attacker, sentence):
    for host in (
        "169.254.169.254",
        "metadata.google.internal",
        "[fd00:ec2::254]",
        "100.100.100.200",
    ):
        told = attacker.compares(named(f"http://{host}/latest/meta-data"))
        assert "cannot be fetched" in sentence(told)


@pytest.mark.parametrize(
    "place", ["../../etc/passwd", "/etc/passwd", "http://127.0.0.1/a.png", ".env"]
)
def test_a_link_names_an_example_and_no_file(attacker, place):
    told = attacker.does("show", "linking", query=f"?image={place}&q=What")
    assert told.is_done
    assert "is not there, or is someone else's" in told.said
    assert "root:" not in told.text


@pytest.mark.parametrize("place", [*FILES, "http://169.254.169.254/a.png", "file:///etc/passwd"])
def test_a_suite_names_the_images_beside_it_and_no_file(server, attacker, place):
    cases = [{"id": "1", "type": "a", "image": place, "query": "What?", "expected": ["x"]}]
    suite = attacker.sends(json.dumps({"cases": cases}).encode(), "suite.json")
    told = attacker.does(
        *("run", "batch.tab"),
        batch_source="Suite file",
        batch_files=[suite, attacker.sends(server.image_file)],
        batch_variants=["baseline"],
    )
    assert told.is_done
    assert "Running" not in told.said
    assert "root:" not in told.text
    assert told.said.strip().endswith(".")


def test_no_file_of_the_app_is_served(server, attacker):
    home = server.app.history.folder
    places = [
        *("app.py", ".env", "space/app.py", "/etc/passwd", "/proc/self/environ", "~/.cache", "."),
        *(str(home), str(home / "history.sqlite3"), str(home / "history.sqlite3-wal")),
        *(str(server.hub_cache), str(server.cache), f"{server.cache}/../uploads", __file__),
        str(server.app.shelf.places[0]),
    ]
    for place in places:
        for way in ("file=", "file/", "static/", "assets/", "custom_component/x/server/component/"):
            for climbs in ("", "../../../../..", "..%2f..%2f..%2f..%2f..%2f", "%2e%2e/%2e%2e/"):
                for root in ("", "../"):
                    answer = attacker.web.get(f"{root}{way}{climbs}{place}")
                    assert answer.status_code in (307, 403, 404, 405), (
                        answer.url,
                        answer.text[:99],
                    )
