"""What every stage that can be stopped shares: a state file that is never half-written, and a log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

SAVE_EVERY = 300.0  # seconds


def save_state(file: Path, state: dict[str, Any]) -> None:
    """Write the state beside the old one, then take its place."""
    draft = file.with_suffix(".part")
    torch.save(state, draft)
    draft.replace(file)


def log_line(file: Path, entry: dict[str, Any]) -> None:
    """One JSON line, on the screen and at the end of the log; floats to five places."""
    line = json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in entry.items()})
    print(line, flush=True)
    with file.open("a") as log:
        log.write(line + "\n")
