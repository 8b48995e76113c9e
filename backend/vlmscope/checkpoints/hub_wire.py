"""`Wire`: one question to the Hub, its answer within bounds of time, and never the token elsewhere.

The client's own session asks, in a thread that is left behind when the person waits no longer; everything
that comes back is bytes of a stranger.
"""

from __future__ import annotations

import queue
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from vlmscope.checkpoints.hub_errors import (
    MACHINE,
    Remedies,
    broken,
    nonsense,
    not_the_hub,
    refused,
)
from vlmscope.checkpoints.hub_place import HubPlace, is_repo_id
from vlmscope.checkpoints.hub_wait import STEP, Wait
from vlmscope.values.errors import plain

MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
SOON = 0.01
"""Seconds in which the end of an answer that was read is awaited."""
ENDS = 3
"""Pieces that such an end may have."""
_REPOSITORY = re.compile(
    r"/(?:api/(?:resolve-cache/)?(?P<api>models|spaces|datasets)/|(?P<kind>spaces|datasets)/)?"
    r"(?P<name>[^/]+/[^/]+)(?:/.*)?"
)


@dataclass(frozen=True)
class Wire:
    """Where the Hub is, the token for it, and `check`, which raises for a repository that may not be read.

    `check` is asked with the type, None where an address does not say it, and the name.
    """

    endpoint: str
    token: str | bool | None = field(repr=False)
    check: Callable[[str | None, str], None]
    remedies: Remedies = MACHINE

    @contextmanager
    def opened(
        self,
        url: str,
        place: HubPlace,
        wait: Wait,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        may_leave: bool = False,
    ) -> Iterator[Answer]:
        """The answer, redirects followed: to other hosts only where it `may_leave`, and without the token.

        Raises CheckpointError for anything but a good one.
        """
        for _ in range(MAX_REDIRECTS):
            with _exchange(url, self._headers(url, headers, place), data, place, wait) as answer:
                if answer.status not in REDIRECTS:
                    if answer.status not in (200, 206):
                        raise refused(answer.status, answer.headers, place, self.remedies)
                    yield answer
                    return
                url = self._followed(url, answer.headers.get("Location", ""), place, may_leave)
        raise nonsense(place, "redirects without end")

    def check_given(self, url: str, place: HubPlace, wait: Wait) -> None:
        """Raise CheckpointError unless the Hub gives what lies at an address; none of it is moved."""
        for _ in range(MAX_REDIRECTS):
            asked = _exchange(url, self._headers(url, None, place), None, place, wait, "HEAD")
            with asked as answer:
                if answer.status in (200, 206):
                    return
                if answer.status not in REDIRECTS:
                    raise refused(answer.status, answer.headers, place, self.remedies)
                url = self._followed(url, answer.headers.get("Location", ""), place, may_leave=True)
            if not self.is_home(url):  # the Hub sends there whom it gives the bytes
                return
        raise nonsense(place, "redirects without end")

    def _headers(
        self, url: str, headers: Mapping[str, str] | None, place: HubPlace
    ) -> dict[str, str]:
        from huggingface_hub.utils import build_hf_headers

        try:
            own = build_hf_headers(token=self.token if self.is_home(url) else False)
        except Exception as error:  # a token that is wanted and not there, or is none
            raise broken(error, place) from None
        return {**own, "Accept-Encoding": "identity", **(headers or {})}

    def is_home(self, url: str) -> bool:
        return _origin(url) == _origin(self.endpoint)

    def _followed(self, url: str, location: str, place: HubPlace, may_leave: bool) -> str:
        """Where a redirect leads; raises CheckpointError for where it may not."""
        try:
            target = urljoin(url, location)
            there, home = _origin(target), _origin(self.endpoint)
        except ValueError:
            raise nonsense(place, "a redirect to no address") from None
        if there == home and self.is_home(url):
            found = _REPOSITORY.fullmatch(unquote(urlsplit(target).path))
            if found is None or not is_repo_id(found["name"]):
                raise nonsense(place, "a redirect to no repository")
            kind = (found["api"] or found["kind"] or "models").removesuffix("s")
            self.check(kind, found["name"])
            return target
        if there[0] not in ("https", home[0]) or not may_leave or there == home:
            raise not_the_hub(place, plain(there[1] or "nobody", 100))
        return target


class Answer:
    """Status, headers and, piece by piece, the bytes of an answer; `late` says what does not come in time."""

    def __init__(
        self, response: Any, url: str, following: Callable[[str | None], bytes | None]
    ) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.url = url
        self.late: str | None = None
        self._response, self._following = response, following

    @property
    def pieces(self) -> Iterator[bytes]:
        while (piece := self._following(self.late)) is not None:
            yield piece

    @property
    def next(self) -> str | None:
        """The address of the next page, as the server writes it."""
        try:
            return self._response.links.get("next", {}).get("url")
        except ValueError:
            return None

    @property
    def is_html(self) -> bool:
        return "html" in self.headers.get("Content-Type", "").lower()


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port


@contextmanager
def _exchange(
    url: str,
    headers: Mapping[str, str],
    data: Mapping[str, Any] | None,
    place: HubPlace,
    wait: Wait,
    method: str | None = None,
) -> Iterator[Answer]:
    method = method or ("GET" if data is None else "POST")
    exchange = _Exchange(method, url, headers, data, wait.seconds)
    thread = threading.Thread(target=exchange.run, daemon=True)
    thread.start()
    try:
        response = exchange.item(place, wait, begun=False)
        if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            raise nonsense(place, "compressed bytes, though plain ones were asked for")
        yield Answer(response, url, lambda late: exchange.item(place, wait, True, late))
    finally:
        exchange.leave()


class _Exchange:
    """A request in a thread of its own, and what comes of it in a short queue."""

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: Mapping[str, Any] | None,
        seconds: float,
    ) -> None:
        self._request = {
            "method": method,
            "url": url,
            "headers": dict(headers),
            "data": data,
            "follow_redirects": False,
            "timeout": seconds + 1,  # the person is told first
        }
        self._items: queue.Queue[Any] = queue.Queue(4)
        self._left = threading.Event()
        self._response: Any = None
        self._ended = False

    def run(self) -> None:
        from huggingface_hub import get_session

        try:
            with get_session().stream(**self._request) as response:
                self._response = response
                self._put(response)
                for piece in response.iter_raw():
                    if not self._put(piece):
                        return
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, item: Any) -> bool:
        while not self._left.is_set():
            with suppress(queue.Full):
                self._items.put(item, timeout=STEP)
                return True
        return False

    def item(self, place: HubPlace, wait: Wait, begun: bool, late: str | None = None) -> Any:
        """The response, then its pieces, then None; raises CheckpointError."""
        while not self._ended:
            wait.check(place, late)
            try:
                return self._taken(wait.step)
            except queue.Empty:
                continue
            except Exception as error:
                raise broken(error, place, begun) from error
        return None

    def _taken(self, seconds: float) -> Any:
        item = self._items.get(timeout=seconds)
        self._ended = item is None or isinstance(item, BaseException)
        if isinstance(item, BaseException):
            raise item
        return item

    def leave(self) -> None:
        """Wait no longer for what did not come; the thread ends as soon as it notices."""
        with suppress(Exception):  # of an answer that is all here, the connection serves again
            for _ in range(ENDS):
                if not self._ended:
                    self._taken(SOON)
        self._left.set()
        if self._ended or self._response is None:
            return
        with suppress(Exception):  # it may have ended in between
            stream = self._response.extensions["network_stream"]
            stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
