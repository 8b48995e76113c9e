"""Files that people give by an address: fetched from public places alone, and within bounds."""

import asyncio
import socket
from ipaddress import IPv6Address, IPv6Network, ip_address

import httpx
from gradio import processing_utils
from safehttpx import AsyncSecureTransport

MOST_BYTES = 32 * 2**20
MOST_SECONDS = 20
MOST_REDIRECTS = 5
_NAT64 = IPv6Network("64:ff9b::/96")


class Unfit(Exception):
    """An address that is not fetched from."""


def fetch_within_bounds() -> None:
    """Have Gradio fetch as `fetched` does, whichever field an address was written in.

    Its own way takes an answer of any length into memory, and waits for one without an end.
    """
    processing_utils.async_ssrf_protected_get = fetched


async def fetched(
    url: str, most_bytes: int = MOST_BYTES, most_seconds: float = MOST_SECONDS
) -> httpx.Response:
    """What a public address answers, redirects followed; raises Unfit, TimeoutError or httpx's errors.

    A name is looked up once for each address and asked there, so that it cannot mean two machines.
    """
    async with asyncio.timeout(most_seconds):
        asked = httpx.URL(url)
        for _ in range(MOST_REDIRECTS + 1):
            answer = await _answer(asked, most_bytes)
            if not answer.has_redirect_location:
                return answer
            asked = asked.join(answer.headers["Location"])
    raise Unfit(f"{url} leads on more than {MOST_REDIRECTS} times.")


async def _answer(url: httpx.URL, most_bytes: int) -> httpx.Response:
    """One answer, its body whole unless it is a redirect."""
    if url.scheme not in ("http", "https") or not url.host:
        raise Unfit(f"{url} is no http or https address.")
    transport = AsyncSecureTransport(await _public_address(url.host))
    # Unpacked, a small answer may be a large one.
    plain = {"Accept-Encoding": "identity"}
    async with (
        httpx.AsyncClient(transport=transport) as client,
        client.stream("GET", url, headers=plain, follow_redirects=False) as answer,
    ):
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise Unfit(f"{url} answers in a packed form.")
        body = bytearray()
        if not answer.has_redirect_location:
            async for part in answer.aiter_raw():
                body += part
                if len(body) > most_bytes:
                    raise Unfit(f"{url} has more than {most_bytes / 2**20:g} MiB.")
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=bytes(body), request=answer.request
        )


async def _public_address(host: str) -> str:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    public = [str(place[0]) for *_, place in found if is_public(str(place[0]))]
    if not public:
        raise Unfit(f"{host} is no public place.")
    return public[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet, and leads to no other inside it."""
    ip = ip_address(address)
    leads_on = isinstance(ip, IPv6Address) and (ip.sixtofour or ip.teredo or ip in _NAT64)
    return ip.is_global and not ip.is_multicast and not leads_on
