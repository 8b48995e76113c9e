"""How the page's own events are wired: none of them is an endpoint for programs."""

from typing import Any

QUEUED: dict[str, Any] = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "concurrency_limit": None,
}
"""For what changes a state that something listens to: its change is told from the queue alone."""

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
"""For what is quick: it waits behind nothing."""

AT_LENGTH: dict[str, Any] = {**QUEUED, "concurrency_limit": 4}
"""For what may wait for the Hub: of each, a few at once, and none waits behind one that is slow."""


def on_the_engine(users: int) -> dict[str, Any]:
    """For what computes: all of it together, so many at once; others wait in line."""
    return {"concurrency_id": "engine", "concurrency_limit": users}
