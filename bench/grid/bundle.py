"""What a page loads of the grid: the built files, compressed."""

from __future__ import annotations

import gzip
from pathlib import Path

import gradio_comparisongrid
from bench.figure import Figure

FILES = ("index.js", "runtime.js", "style.css", "svelte_runtime_entry.js")
"""All that a page with a grid loads; standalone.js is for pages that are kept without Gradio."""
MOST = 150.0


def measure() -> list[Figure]:
    folder = Path(gradio_comparisongrid.__file__).parent / "templates" / "component"
    sizes = {name: len(gzip.compress((folder / name).read_bytes())) / 1000 for name in FILES}
    return [
        Figure(
            "bundle, compressed (gzip)",
            sum(sizes.values()),
            "kB",
            MOST,
            note=", ".join(f"{name} {size:.1f}" for name, size in sizes.items()),
            detail=sizes,
        )
    ]
