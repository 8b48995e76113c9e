"""The conditions under which figures were measured."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from vlmscope.engine.base import SharedBase


def make_stamp(base: SharedBase, mode: str, repeats: int) -> dict[str, Any]:
    """Hardware, device, dtype, base, revision, versions, mode and repeats, as plain data."""
    return {
        "hardware": _hardware(base.device),
        "device": str(base.device),
        "dtype": str(base.dtype).removeprefix("torch."),
        "base": base.name,
        "revision": base.revision,
        "versions": {name: _version(name) for name in ("vlmscope", "torch", "transformers")}
        | {"python": platform.python_version()},
        "mode": mode,
        "repeats": repeats,
    }


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{_processor()}, {torch.get_num_threads()} threads"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
