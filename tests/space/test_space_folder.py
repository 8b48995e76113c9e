"""The folder that is uploaded as a Space, started by itself."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
import urllib.request
from pathlib import Path

import pytest

from build_space import APP, ROOT, assemble, lacks

# A machine that does other things at the same time is slow, not wrong.
START_SECONDS = 240

# Without `site`, the editable installs of this checkout are not found: what the folder does not
# hold is missing, as it would be in the Space.
ALONE = """
import runpy, sys
sys.path[:0] = [{folder!r}]
sys.path.append({site_packages!r})
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("upload") / "space"
    assemble(target)
    return target


def test_the_folder_holds_both_packages_the_templates_and_nothing_hidden(folder):
    assert (folder / "vlmscope" / "__init__.py").is_file()
    assert (folder / "gradio_comparisongrid" / "templates" / "component" / "index.js").is_file()
    assert not [path for path in folder.rglob("*") if path.name.startswith((".", "__pycache__"))]


def test_what_a_folder_lacks_is_said(tmp_path):
    assert [sentence.split()[0] for sentence in lacks(tmp_path)] == [
        "gradio_comparisongrid/templates/component/index.js",
        "vlmscope/assets/base/model.safetensors",
        "vlmscope/assets/checkpoints/*.safetensors",
        "vlmscope/assets/examples/examples.json",
        "vlmscope/assets/suites/held_out_100.json",
    ]


def test_the_requirements_are_the_pins_of_the_constraints():
    pins = set((ROOT / "constraints.txt").read_text().splitlines())
    wanted = [line for line in (APP / "requirements.txt").read_text().splitlines() if "==" in line]
    assert wanted
    assert set(wanted) <= pins


def test_the_front_matter_names_the_gradio_of_the_constraints():
    version = re.search(r"^sdk_version: (\S+)$", (APP / "README.md").read_text(), re.M)
    assert version
    assert f"gradio=={version[1]}" in (ROOT / "constraints.txt").read_text().splitlines()


def test_the_app_starts_from_the_folder_alone_on_the_base_inside_and_serves_the_grid(folder):
    assert not lacks(folder), "the Space lacks what ships; `make train` makes it"
    code = ALONE.format(folder=str(folder), site_packages=sysconfig.get_path("purelib"))
    unset = ("PYTHONPATH", "BASE", "CHECKPOINTS")
    environment = {k: v for k, v in os.environ.items() if k not in unset}
    environment |= {"PORT": "17860", "HOST": "127.0.0.1", "CUDA_VISIBLE_DEVICES": ""}
    app = subprocess.Popen(
        [sys.executable, "-S", "-c", code],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said, address = _address(app)
        assert "loading the base that ships" in said
        config = json.load(urllib.request.urlopen(f"{address}/config", timeout=30))
        grid = next(c for c in config["components"] if c["type"] == "comparisongrid")
        asset = f"{address}/gradio_api/custom_component/{grid['component_class_id']}"
        answer = urllib.request.urlopen(f"{asset}/client/component/index.js", timeout=30)
        assert len(answer.read()) > 1000
        labels = [label for c in config["components"] for label, _ in _choices(c)]
        assert any(label.startswith("ARR-COC") for label in labels)
    finally:
        app.kill()
        app.wait()


def _choices(component: dict) -> list[tuple[str, str]]:
    return component["props"].get("choices") or []


def _address(app: subprocess.Popen) -> tuple[str, str]:
    """What the app said until it was ready, and where it listens.

    Fails with its output when it ends or takes too long.
    """
    said, deadline = [], time.monotonic() + START_SECONDS
    assert app.stdout
    for line in app.stdout:
        said.append(line)
        found = re.search(r"ready after .*: (http://\S+)", line)
        if found:
            return "".join(said), found[1]
        if time.monotonic() > deadline:
            break
    pytest.fail("the app did not start:\n" + "".join(said))
