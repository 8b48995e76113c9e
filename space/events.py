"""How the page's own events are wired: none of them is an endpoint for programs."""

from typing import Any

UNSEEN: dict[str, Any] = {"show_progress": "hidden", "show_progress_on": []}
"""For what shows no progress of its own. Where Gradio knows of a place for it, hidden or not, it copies
all that stands there into its state whenever any event of the page tells something, many times a
second while answers stream."""

PRIVATE: dict[str, Any] = {**UNSEEN, "api_visibility": "private"}

QUEUED: dict[str, Any] = {**PRIVATE, "concurrency_limit": None}
"""For what changes a state that something listens to: its change is told from the queue alone."""

QUIET: dict[str, Any] = {**PRIVATE, "queue": False}
"""For what is quick: it waits behind nothing."""

AT_LENGTH: dict[str, Any] = {**QUEUED, "concurrency_limit": 4}
"""For what may wait for the Hub: of each, a few at once, and none waits behind one that is slow."""


AT_ONCE: dict[str, Any] = {"concurrency_limit": None}
"""For what computes: it begins at once, and waits in the one line, that of the app's `places`."""
