"""How much memory the app holds, as the system and PyTorch tell it."""

import resource
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import torch

GIB = 2**30
MIB = 2**20
KIB = 2**10


@dataclass(frozen=True)
class Held:
    """Bytes that something holds now and held at most."""

    now: int
    peak: int


@dataclass(frozen=True)
class MemoryUse:
    """A reading: of the whole process, and of the tensors on a GPU when there is one."""

    read_at: datetime
    process: Held
    gpu: Held | None = None


def read_memory(device: torch.device) -> MemoryUse:
    """What is held at this moment.

    The process's peak is since its start. A GPU's is since its start or since a measured comparison
    began, which counts its own anew.
    """
    now = psutil.Process().memory_info().rss
    # The system notes the peak now and then: what is held at this moment may be more.
    process = Held(now, max(now, _peak_of_the_process()))
    gpu = None
    if device.type == "cuda":
        gpu = Held(torch.cuda.memory_allocated(device), torch.cuda.max_memory_allocated(device))
    return MemoryUse(datetime.now(UTC), process, gpu)


def _peak_of_the_process() -> int:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * KIB
    except (OSError, ValueError, IndexError):
        pass
    # Not first: on Linux it counts what the process was before it became this program.
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * KIB
