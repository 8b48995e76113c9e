"""Resolve a Space's requirements as Spaces do: in one go with Gradio and what Spaces bring."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from refusal import Refused, Unreachable
from space_card import filled_requirements, front_matter
from space_hardware import T4, ZERO, Hardware

# The machines that Spaces run on; wheels alone, because nothing there compiles PyTorch's like.
FOR_SPACES = ("--python-platform", "x86_64-manylinux_2_28", "--only-binary", ":all:")
SECONDS = 300
UNREACHABLE = ("Failed to fetch", "error sending request", "dns error", "timed out")


def brought_by_spaces(sdk_version: str) -> list[str]:
    """What a Space of this Gradio installs beside requirements.txt, in the same resolve."""
    return [f"gradio[oauth,mcp]=={sdk_version}", "uvicorn>=0.14.0", "websockets>=10.4", "spaces"]


def check_resolves(folder: Path) -> list[str]:
    """A line for each of T4's and ZeroGPU's Python and PyTorch, which the app of `folder` resolves for.

    `folder` is the checkout's, in which nothing is filled in. Raises Refused with what conflicts.
    Nothing is installed.
    """
    with ThreadPoolExecutor() as at_once:
        return list(at_once.map(lambda hardware: _resolve(folder, hardware), (T4, ZERO)))


def _resolve(folder: Path, hardware: Hardware) -> str:
    front = front_matter((folder / "README.md").read_text())
    python = hardware.python or str(front["python_version"])
    wanted = filled_requirements((folder / "requirements.txt").read_text(), hardware)
    lines = [*wanted.splitlines(), *brought_by_spaces(front["sdk_version"])]
    pins = resolve("\n".join(lines), python, f"for {hardware.name}, Python {python}")
    torch = next((pin for pin in pins if pin.startswith("torch==")), "no torch")
    return f"{hardware.name}: Python {python}, {torch}, {len(pins)} packages fit together"


def resolve(requirements: str, python: str, what: str) -> list[str]:
    """The pins that satisfy `requirements` on a Space's machine with this Python; raises Refused."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--python-version", python]
    quiet = ("--quiet", "--no-header", "--no-annotate", "--no-python-downloads", "--color", "never")
    try:
        answer = subprocess.run(
            [*command, *FOR_SPACES, *quiet],
            input=requirements,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Unreachable(
            f"The requirements ({what}) were not resolved in {SECONDS} s; the package index is slow, "
            "try again later."
        ) from None
    if answer.returncode:
        raise _why(answer.stderr, what)
    return [line for line in answer.stdout.splitlines() if line and not line.startswith("#")]


def _why(said: str, what: str) -> Refused:
    # Downloading a Python is not wanted, and that there is none of that version is no matter.
    lines = [line for line in said.splitlines() if not line.lstrip().startswith("warning")]
    reason = " ".join(" ".join(lines).replace("cause:", "").split()).removeprefix("error: ")
    if any(sign in said for sign in UNREACHABLE):
        return Unreachable(
            f"The package index could not be reached, so that the requirements ({what}) could not be "
            f"checked; connect and try again. {reason}"
        )
    return Refused(f"A Space could not install the requirements ({what}): {reason}")
