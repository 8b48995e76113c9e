"""Whose address a request is from, behind the proxies of a Space."""

from typing import Any

import pytest
from tests.support.waiting import awaited
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app import PROXIES


def address_of(connection: str, forwarded: str) -> str:
    """Where the app sees a client that a proxy at `connection` says is `forwarded` for."""
    seen: list[str] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope["client"][0])

    scope = {
        "type": "http",
        "client": (connection, 1),
        "headers": [(b"x-forwarded-for", forwarded.encode())],
    }
    asked: Any = ProxyHeadersMiddleware(app, PROXIES)(scope, None, None)  # type: ignore[arg-type]
    awaited(asked)
    return seen[0]


@pytest.mark.parametrize(
    "forwarded", ["8.8.4.4", "8.8.4.4, 10.1.2.3", "1.2.3.4, 8.8.4.4, 10.1.2.3"]
)
def test_a_client_is_the_last_that_no_proxy_is_and_cannot_say_that_it_is_another(forwarded):
    assert address_of("10.0.0.1", forwarded) == "8.8.4.4"


def test_who_comes_from_outside_says_nothing_of_others():
    assert address_of("8.8.4.4", "1.2.3.4") == "8.8.4.4"
