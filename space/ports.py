"""Find the port the app can listen on, and listen on it."""

import errno
import socket
from collections.abc import Callable

TRIED = 100


def first_free(host: str, port: int) -> int:
    """The first port from `port` on that nothing on `host` listens on.

    Raises OSError, one sentence, when none is free or this process may not listen there at all.
    """
    for candidate in range(port, min(port + TRIED, 65536)):
        if _is_free(host, candidate):
            return candidate
    last = min(port + TRIED, 65536) - 1
    raise OSError(f"No free port from {port} to {last} on {host}; set PORT or HOST.")


def listen(host: str, port: int, start: Callable[[int], object]) -> int:
    """Call `start` with the first free port from `port` on, and give that port.

    Another process can take it before `start` does: then the next free one is tried.
    """
    while True:
        port = first_free(host, port)
        try:
            start(port)
            return port
        except OSError:
            if _is_free(host, port):
                raise
            port += 1


def in_url(host: str) -> str:
    """The host as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def _is_free(host: str, port: int) -> bool:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # What asyncio's servers do, so that the port of a server that just ended counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            return False
        raise OSError(_sentence(host, port, problem)) from problem
    return True


def _sentence(host: str, port: int, problem: OSError) -> str:
    if problem.errno == errno.EACCES:
        return f"PORT={port} is not allowed to this user; set one from 1024 on."
    if isinstance(problem, socket.gaierror) or problem.errno == errno.EADDRNOTAVAIL:
        return f"HOST={host} is no address of this machine; set 127.0.0.1, or 0.0.0.0 for all."
    return f"Nothing can listen on HOST={host} PORT={port} ({problem}); set others."
