import os
from pathlib import Path

import pytest

import node


def executable(path: Path, prints: str) -> Path:
    path.write_text(f"#!/bin/sh\necho {prints}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [
        ("v18.20.0", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.0.0", True),
        ("nonsense", False),
    ],
)
def test_a_node_of_the_machine_is_taken_only_if_vite_runs_on_it(
    tmp_path, monkeypatch, version, is_taken
):
    executable(tmp_path / "node", version)
    executable(tmp_path / "npm", "11.0.0")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    assert node.on_path() == (tmp_path / "node" if is_taken else None)


def test_a_node_without_npm_is_not_enough(tmp_path, monkeypatch):
    executable(tmp_path / "node", "v22.12.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert node.on_path() is None


def test_the_chosen_node_stands_first_on_the_path():
    assert node.environment(Path("/opt/node/bin/node"))["PATH"].startswith("/opt/node/bin:")
