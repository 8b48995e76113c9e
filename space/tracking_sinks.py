"""The trackers that figures can go to; each is imported when its first run begins."""

import contextvars
import importlib.util
import os
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from huggingface_hub import get_token

from settings import BadSetting


class SinkRun(Protocol):
    """A run that a tracker keeps."""

    def log(self, row: dict[str, Any], /, step: int | None = None) -> Any: ...

    def finish(self) -> Any: ...


Begin = Callable[[str, dict[str, Any]], SinkRun]
"""Begins a run of this name and configuration."""


def sink(tracker: str, project: str) -> Begin:
    """The tracker of this name; raises BadSetting when its package is not installed."""
    if importlib.util.find_spec(tracker) is None:
        raise BadSetting(
            f"TRACK={tracker} needs the package {tracker}, which is not installed here; install it, or "
            "unset TRACK."
        )
    begin = _trackio if tracker == "trackio" else _wandb
    return lambda name, config: begin(project, name, config)


def where(tracker: str, environment: Mapping[str, str] = os.environ) -> str:
    """Where a tracker sends what it is told, if it leaves this machine; else empty."""
    if tracker == "wandb":
        is_here = environment.get("WANDB_MODE") in ("offline", "disabled")
        return "" if is_here else environment.get("WANDB_BASE_URL") or "Weights & Biases"
    space, server = environment.get("TRACKIO_SPACE_ID"), environment.get("TRACKIO_SERVER_URL")
    return f"the Space {space}" if space else "the server of TRACKIO_SERVER_URL" if server else ""


def asks_who(tracker: str) -> str:
    """What a tracker that keeps figures here asks others all the same, in a sentence; empty for nothing."""
    if tracker != "trackio" or get_token() is None:
        return ""
    return "Trackio asks the Hub whose token is set here, to write the name beside the figures."


def _trackio(project: str, name: str, config: dict[str, Any]) -> SinkRun:
    import trackio

    def begin() -> SinkRun:
        return trackio.init(
            project,
            name,
            config=config,
            embed=False,
            auto_log_cpu=False,
            auto_log_gpu=False,
        )

    # Trackio ends the run that its context knows of when another one begins.
    return contextvars.Context().run(begin)


def _wandb(project: str, name: str, config: dict[str, Any]) -> SinkRun:
    import wandb  # type: ignore[import-not-found]

    # The figures alone: neither this process's output nor its code, arguments or machine.
    quiet = wandb.Settings(
        console="off",
        silent=True,
        disable_git=True,
        save_code=False,
        x_disable_machine_info=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_save_requirements=False,
    )
    return wandb.init(
        project=project, name=name, config=config, reinit="create_new", settings=quiet
    )
