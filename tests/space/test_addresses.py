"""An image by its address: nothing inside is asked, and no answer is waited for or taken without end."""

import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from gradio import processing_utils
from tests.support.waiting import awaited

import addresses
from addresses import MOST_REDIRECTS, Unfit, fetched, is_public

Answer = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """A web server on loopback, whose answers a test gives; `asked` has the paths."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: Answer = says(b"whole")
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append(self.path)
                web.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"


def says(body: bytes, code: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    yield web
    web.server.shutdown()
    web.server.server_close()


@pytest.fixture
def inside_is_public(monkeypatch) -> None:
    """As if this machine were a place of the internet, for a test of what else is asked."""
    monkeypatch.setattr(addresses, "is_public", lambda address: True)


def get(url: str, **bounds: float) -> httpx.Response:
    return awaited(fetched(url, **bounds))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0"),
        *(
            "100.64.0.1",
            "100.100.100.200",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
        ),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::"),
        "2001:0:7f00:1::",
    ],
)
def test_no_place_inside_is_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111"])
def test_the_internet_is(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "way",
    ["http://127.0.0.1", "http://localhost", "http://[::1]", "http://0x7f.1", "http://2130706433"],
)
def test_this_machine_is_not_asked_however_it_is_written(web, way):
    port = web.address.rsplit(":", 1)[1]
    with pytest.raises((Unfit, OSError)):
        get(f"{way}:{port}/scene.png")
    assert not web.asked


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://1.1.1.1/a", "http://", "gopher://x/"])
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(Unfit):
        get(url)


def test_a_redirect_inside_is_not_followed(web, monkeypatch):
    outside = web.address.replace("127.0.0.1", "localhost")
    is_first = iter([True])
    monkeypatch.setattr(addresses, "is_public", lambda address: next(is_first, False))
    web.answer = says(b"", 302, Location=f"{web.address}/latest/meta-data")
    with pytest.raises(Unfit):
        get(f"{outside}/a.png")
    assert web.asked == ["/a.png"]


def test_redirects_are_followed_so_far(web, inside_is_public):
    def leads_on(handler: BaseHTTPRequestHandler) -> None:
        count = int(handler.path[1:])
        (says(b"there") if count == MOST_REDIRECTS else says(b"", 302, Location=f"/{count + 1}"))(
            handler
        )

    web.answer = leads_on
    assert get(f"{web.address}/0").content == b"there"
    web.answer = says(b"", 302, Location="/again")
    with pytest.raises(Unfit, match="leads on"):
        get(f"{web.address}/again")


def test_an_answer_longer_than_the_bound_is_left(web, inside_is_public):
    sent = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        says(b"")(handler)
        try:
            while True:
                handler.wfile.write(bytes(2**16))
                sent.append(2**16)
        except OSError:
            pass

    web.answer = endless
    with pytest.raises(Unfit, match="more than 1 MiB"):
        get(f"{web.address}/a.png", most_bytes=2**20)
    # What lies in the sockets between is sent too.
    assert sum(sent) < 16 * 2**20


def test_an_answer_that_does_not_end_is_not_waited_for(web, inside_is_public):
    ended = threading.Event()

    def stuck(handler: BaseHTTPRequestHandler) -> None:
        says(b"a")(handler)
        ended.wait(30)

    web.answer = stuck
    with pytest.raises((TimeoutError, httpx.HTTPError)):
        get(f"{web.address}/a.png", most_seconds=0.2)
    ended.set()


def test_a_packed_answer_is_refused(web, inside_is_public):
    web.answer = says(gzip.compress(bytes(10_000_000)), Content_Encoding="gzip")
    with pytest.raises(Unfit, match="packed"):
        get(f"{web.address}/a.png")


def test_whatever_gradio_fetches_it_fetches_so(web, inside_is_public, tmp_path):
    addresses.fetch_within_bounds()
    file = awaited(
        processing_utils.async_ssrf_protected_download(f"{web.address}/a.png", str(tmp_path))
    )
    with open(file, "rb") as content:
        assert content.read() == b"whole"
    web.answer = says(b"", 302, Location="file:///etc/passwd")
    with pytest.raises(Unfit):
        awaited(
            processing_utils.async_ssrf_protected_download(f"{web.address}/b.png", str(tmp_path))
        )
