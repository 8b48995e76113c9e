"""Find the port the app can listen on."""

import socket

TRIED = 100


def first_free(host: str, port: int) -> int:
    """The first port from `port` on that nothing on `host` listens on; raises OSError if none is."""
    for candidate in range(port, min(port + TRIED, 65536)):
        if _is_free(host, candidate):
            return candidate
    raise OSError(f"No free port from {port} to {port + TRIED - 1} on {host}; set PORT or HOST.")


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # What asyncio's servers do, so that the port of a server that just ended counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
