"""The doors of the server: what Gradio offers and this app does not need is closed, and the rest bounded."""

import re
from dataclasses import dataclass

from fastapi import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLOSED = re.compile(
    # Fetches any address of the internet for anybody, and shows it as this server's own.
    r"/gradio_api/(file[=/]\s*https?:|proxy=)"
    # Programs that run on what anybody sends; source code; other people's figures; states as files.
    r"|/gradio_api/(process_recording|dev/|vibe-|undo-vibe-|runs(/|$)|run-history|deep_link|profiling)"
    r"|/monitoring",
    re.IGNORECASE,
)
UPLOAD = "/gradio_api/upload"


@dataclass(frozen=True)
class Bounds:
    """The most bytes of one request: of a form's fields, and of all the files of one upload."""

    fields: int = 16 * 2**20
    files: int = 512 * 2**20


class Doors:
    """ASGI middleware: 404 for what is closed, 413 for what is too large; None bounds nothing."""

    def __init__(self, app: ASGIApp, bounds: Bounds | None) -> None:
        self._app = app
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if CLOSED.match(path):
            await JSONResponse({"detail": "Not here."}, 404)(scope, receive, send)
            return
        if self._bounds is None:
            await self._app(scope, receive, send)
            return
        most = self._bounds.files if UPLOAD in path else self._bounds.fields
        told = _length(scope)
        if told is not None and told > most:
            await JSONResponse({"detail": _too_large(most)}, 413)(scope, receive, send)
            return
        await self._app(scope, _counted(receive, most), send)


def _length(scope: Scope) -> int | None:
    """How long a request says that it is, if it does."""
    text = dict(scope["headers"]).get(b"content-length", b"")
    return int(text) if text.isdigit() else None


def _counted(receive: Receive, most: int) -> Receive:
    had = 0

    async def counted() -> Message:
        nonlocal had
        message = await receive()
        had += len(message.get("body", b""))
        if had > most:
            raise HTTPException(413, _too_large(most))
        return message

    return counted


def _too_large(most: int) -> str:
    return f"This request has more than {most // 2**20} MiB, the most here; send less at once."
