"""Run the tests or the style checks. Usage: check.py test | lint | format, with the Python of .venv.

Everything runs even when something fails, so that one run tells all; the last test run is pytest's,
so that its count is the last line.
"""

import subprocess
import sys
from pathlib import Path

import browser
import node
from stamps import ROOT

PYTHON = Path(sys.executable)
FRONTEND = ROOT / "frontend"


def commands(what: str) -> list[tuple[list[str], Path]]:
    """The commands of `what`, each with the folder it runs in."""
    nodejs = node.on_path() or node.from_pip(PYTHON)
    if not nodejs:
        sys.exit(f"No Node {node.WANTED} was found; install one with npm.")
    npm, tool = node.npm(nodejs), [str(PYTHON), "-m"]
    lint_imports = str(PYTHON.with_name("lint-imports"))
    table = {
        "test": [
            ([*npm, "test"], FRONTEND),
            ([*tool, "pytest"], ROOT),
        ],
        "lint": [
            ([*tool, "ruff", "check"], ROOT),
            ([*tool, "ruff", "format", "--check"], ROOT),
            # Gradio writes a component's events into a stub when it is imported.
            ([str(PYTHON), "-c", "import gradio_comparisongrid"], ROOT),
            ([*tool, "pyright"], ROOT),
            ([lint_imports], ROOT),
            ([*npm, "run", "check"], FRONTEND),
            ([*npm, "run", "format:check"], FRONTEND),
        ],
        "format": [
            ([*tool, "ruff", "check", "--fix"], ROOT),
            ([*tool, "ruff", "format"], ROOT),
            ([*npm, "run", "format"], FRONTEND),
        ],
    }
    return table[what]


def main(what: str) -> int:
    environment = node.environment(node.on_path() or node.from_pip(PYTHON) or PYTHON)
    environment["PYRIGHT_PYTHON_IGNORE_WARNINGS"] = "1"
    if what == "test":
        environment[browser.VARIABLE] = str(browser.find_or_get(PYTHON))
    failed = []
    for command, folder in commands(what):
        name = " ".join(Path(word).name if "/" in word else word for word in command)
        print(f"\n[{what}] {name}", flush=True)
        if subprocess.run(command, cwd=folder, env=environment).returncode:
            failed.append(name)
    for name in failed:
        print(f"[{what}] failed: {name}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
