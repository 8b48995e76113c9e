"""What is asynchronous, waited for by a test that is not."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client


def awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What it gives, or raises; run in a thread, since Playwright keeps a loop running in a test's own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def as_mcp_client(address: str, do: Callable[[ClientSession], Any]) -> Any:
    """What `do` gives with a session of MCP at an app."""

    async def call() -> Any:
        async with (
            streamable_http_client(f"{address}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await do(session)

    return awaited(call())
