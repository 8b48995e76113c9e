"""How much memory a device has, holds and has left, as it says itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import torch

GIB = 2**30


def enforce(device: torch.device, ceiling: int) -> None:
    """Let a GPU refuse what is above the ceiling; a CPU's is kept by counting alone."""
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        # By its number: PyTorch takes no "cuda" here that leaves open which one.
        index = torch.cuda.current_device() if device.index is None else device.index
        torch.cuda.set_per_process_memory_fraction(min(1.0, ceiling / total), index)


def held_bytes(device: torch.device) -> int | None:
    """What this process holds: tensors on a GPU, all of its memory on a CPU; None if untold."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    if device.type != "cpu":
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def measured_ceiling(device: torch.device) -> int | None:
    """What this process holds and what is still free, now; None where the device does not tell."""
    held = held_bytes(device)
    if held is None:
        return None
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device)
    left = free_bytes()
    return None if left is None else held + left


def free_bytes() -> int | None:
    """Bytes of the machine's memory that this process could still have; None if untold."""
    return min(_free_of_the_machine(), default=None)


def _free_of_the_machine() -> Iterator[int]:
    """Bytes that the machine has left, and that this process's control group has."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                yield int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    group = Path("/sys/fs/cgroup")
    try:
        most = int((group / "memory.max").read_text())  # "max" where there is no limit
        used = int((group / "memory.current").read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        yield max(0, most - used + int(stat.get("inactive_file", 0)))
    except (OSError, ValueError):
        pass
