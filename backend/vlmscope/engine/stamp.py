"""The conditions under which figures were measured."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from vlmscope.engine.base import SharedBase
from vlmscope.engine.room import GIB


def make_stamp(base: SharedBase, mode: str, repeats: int) -> dict[str, Any]:
    """Hardware, device, dtype, what is offloaded (if anything), base, revision, versions, mode and
    repeats, as plain data."""
    return {
        "hardware": _hardware(base.device),
        "device": str(base.device),
        "dtype": str(base.dtype).removeprefix("torch."),
        **({"offloaded": _offloaded(base)} if base.is_offloaded else {}),
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


def _offloaded(base: SharedBase) -> str:
    """How much of the base is not where it is computed."""
    total = away = 0
    for weight in base.weights():
        total += weight.nbytes
        away += weight.nbytes if weight.is_meta else 0
    return f"{away / GIB:.2f} of {total / GIB:.2f} GiB of weights"


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
