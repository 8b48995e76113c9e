"""How much memory of the device something needs at most."""

from __future__ import annotations

import torch

MIB = 2**20


class Peak:
    """Watches from when it is made: the most that was needed above what was held by then.

    Whoever else works on the device meanwhile is counted too.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            self._held = torch.cuda.memory_allocated(device)

    @property
    def mib(self) -> float | None:
        """MiB; None where the device does not tell, as a CPU."""
        if self._device.type != "cuda":
            return None
        return (torch.cuda.max_memory_allocated(self._device) - self._held) / MIB
