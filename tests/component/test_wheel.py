"""The package as it is shipped: built templates inside, and an install that works."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILT = {
    f"gradio_comparisongrid/templates/{kind}/{name}"
    for kind in ("component", "example")
    for name in ("index.js", "style.css", "svelte_runtime_entry.js")
}


def test_the_wheel_holds_the_templates_and_installs_on_its_own(tmp_path):
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path]
    subprocess.run([*command, ROOT], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("gradio_comparisongrid-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "site")
    assert names >= BUILT
    assert "gradio_comparisongrid/py.typed" in names
    assert not any(name.startswith(("demo", "frontend", "component/")) for name in names)
    asked = "import gradio_comparisongrid as g; print(g.__file__, g.ComparisonGrid(None).value)"
    answer = subprocess.run(
        [sys.executable, "-c", asked],
        env=os.environ
        | {"PYTHONPATH": str(tmp_path / "site"), "GRADIO_ANALYTICS_ENABLED": "False"},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert answer.stdout.strip() == f"{tmp_path}/site/gradio_comparisongrid/__init__.py None"
