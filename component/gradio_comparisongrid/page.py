"""A comparison as one page of HTML that needs no server and no network."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

BUILT = Path(__file__).parent / "templates" / "component"
FRAME_HEIGHT = 720

# The page may run its own code and show its own pictures; it loads nothing and sends nothing.
_POLICY = (
    "default-src 'none'; img-src data: blob:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
)
_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def to_page(document: dict[str, Any], title: str) -> str:
    """The whole page: the grid's style and code, and the document that it shows.

    Raises RuntimeError where the frontend has not been built.
    """
    # The build leaves nothing in the code that could end the script.
    style, code = _built("standalone.css"), _built("standalone.js")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title>"
        f'<style id="comparison-grid-style">{style}</style>'
        '</head><body><div id="comparison-grid"></div>'
        f'<script type="application/json" id="comparison-grid-value">{_json(document)}</script>'
        f'<script id="comparison-grid-code">{code}</script>'
        "</body></html>"
    )


def to_frame(page: str, title: str) -> str:
    """The page inside another one, such as a notebook, which it can neither read nor change."""
    return (
        f'<iframe srcdoc="{escape(page)}" sandbox="allow-scripts allow-downloads" '
        f'allow="fullscreen" style="width:100%;height:{FRAME_HEIGHT}px;border:0" '
        f'title="{escape(title)}"></iframe>'
    )


def _built(name: str) -> str:
    try:
        return (BUILT / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RuntimeError(
            f"{BUILT / name} is missing: run `npm run build` in frontend/, or install a wheel"
        ) from None


def _json(document: dict[str, Any]) -> str:
    # These characters stand only within JSON's texts, where an escape means the same.
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPED)
