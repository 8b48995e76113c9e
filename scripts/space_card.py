"""What the card, the requirements and the app of a Space say for one Space and one kind of hardware."""

import re
from pathlib import Path
from typing import Any

import yaml

from space_hardware import Hardware

PLACE = "OWNER/NAME"
"""Stands in space/README.md for the Space that it will be the card of, and in the app for what it is."""


def front_matter(readme: str) -> dict[str, Any]:
    """The settings between the two lines of dashes that a card begins with."""
    return yaml.safe_load(readme.split("---\n", 2)[1])


def fill_in(folder: Path, space: str, hardware: Hardware) -> None:
    """Make what is in `folder` this Space's on this hardware: the app knows a duplicate by another name."""
    card, requirements = folder / "README.md", folder / "requirements.txt"
    app = folder / "whereabouts.py"
    app.write_text(app.read_text().replace(PLACE, space))
    card.write_text(filled_card(card.read_text(), space, hardware))
    requirements.write_text(filled_requirements(requirements.read_text(), hardware))


def filled_card(card: str, space: str, hardware: Hardware) -> str:
    """The card with its addresses, its hardware and its Python.

    A CPU runs the base that ships, so that nothing is preloaded for one.
    """
    card = card.replace(PLACE, space)
    card = _with(card, "suggested_hardware", hardware.name)
    if hardware.python:
        card = _with(card, "python_version", f'"{hardware.python}"')
    if not hardware.has_gpu:
        card = re.sub(r"^preload_from_hub:\n(?:  - .*\n)+", "", card, count=1, flags=re.M)
    return card


def filled_requirements(requirements: str, hardware: Hardware) -> str:
    """The requirements with the PyTorch that the hardware runs."""
    if not hardware.torch:
        return requirements
    return re.sub(r"^torch==.*$", f"torch=={hardware.torch}", requirements, flags=re.M)


def _with(card: str, key: str, value: str) -> str:
    return re.sub(rf"^{key}: .*$", f"{key}: {value}", card, count=1, flags=re.M)
