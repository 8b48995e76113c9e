"""The package as it is shipped: built templates inside, and an install that works."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def templates() -> set[str]:
    """What Gradio loads, by its name in a wheel."""
    path = ROOT / "frontend/hatch_build.py"
    spec = importlib.util.spec_from_file_location("hatch_build", path)
    assert spec
    assert spec.loader
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    return {f"gradio_comparisongrid/templates/{name}" for name in hook.BUILT}


def build(kind: str, folder: Path) -> Path:
    """The `--wheel` or the `--sdist`, its templates built anew only when they are out of date."""
    command = [sys.executable, "-m", "build", kind, "--no-isolation", "--outdir", folder]
    subprocess.run([*command, ROOT], check=True, capture_output=True)
    (built,) = folder.glob("gradio_comparisongrid-*")
    return built


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build("--wheel", tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_the_package_and_its_templates_and_nothing_else(wheel, templates):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "gradio_comparisongrid/templates/component/index.js" in templates
    assert names >= templates
    assert "gradio_comparisongrid/py.typed" in names
    assert {name.split("/")[0].removesuffix(".dist-info") for name in names} == {
        "gradio_comparisongrid",
        "-".join(wheel.name.split("-")[:2]),
    }


def test_the_source_distribution_gives_the_same_wheel_where_there_is_no_node(wheel, tmp_path):
    source = build("--sdist", tmp_path / "source")
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps"]
    made = subprocess.run(
        [*command, "--no-cache-dir", "--wheel-dir", tmp_path / "built", source],
        env=os.environ | {"PATH": str(tmp_path / "empty")},
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    (from_source,) = (tmp_path / "built").glob("*.whl")
    assert contents(from_source) == contents(wheel)


def test_an_app_runs_where_only_the_wheel_was_installed(wheel, tmp_path):
    """Fails for a dependency that is not declared, and for templates that Gradio cannot find."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    installed = subprocess.run(
        [*pip, "-c", ROOT / "constraints.txt", wheel], capture_output=True, text=True
    )
    assert installed.returncode == 0, installed.stderr
    # A copy: the app must not find the package beside its own file.
    app = shutil.copy(ROOT / "component/demo/minimal.py", tmp_path / "app.py")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: os.environ[name] for name in os.environ if name != "PYTHONPATH"} | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(tmp_path / "cache"),
    }
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [python, app], cwd=tmp_path, env=environment, stdout=output, stderr=output
        )
    try:
        url = f"http://127.0.0.1:{port}"
        page = first_answer(url, process, log)
        assert "window.gradio_config" in page
        (grid,) = (
            component
            for component in json.loads(fetch(f"{url}/config"))["components"]
            if component["type"] == "comparisongrid"
        )
        script = (
            f"gradio_api/custom_component/{grid['component_class_id']}/client/component/index.js"
        )
        assert fetch(f"{url}/{script}").encode() == zipfile.ZipFile(wheel).read(
            "gradio_comparisongrid/templates/component/index.js"
        )
    finally:
        process.terminate()
        process.wait(20)


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def first_answer(url: str, process: subprocess.Popen, log: Path) -> str:
    """The page, as soon as the app serves it."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return fetch(url)
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.3)
    pytest.fail(f"The app did not start:\n{log.read_text()}")
