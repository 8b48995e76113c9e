"""The folder that is uploaded as a Space, by itself."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from build_space import ROOT, assemble, lacks
from clean_site import closure, link_into
from deploy import Order, requirements_fit
from refusal import Refused
from space_alone import Alone, alone, sign_in
from space_card import PLACE, filled_card, filled_requirements, front_matter
from space_hardware import ALL, CPU, T4, ZERO
from space_requirements import brought_by_spaces, resolve
from space_start import first_comparison
from space_variables import check, settings_in

APP = ROOT / "space"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("upload") / "space"
    assemble(target)
    return target


@pytest.fixture(scope="module")
def space(folder):
    with alone(folder, "ada/vlmscope") as it:
        yield it


def pins() -> set[str]:
    return set((ROOT / "constraints.txt").read_text().splitlines())


def card() -> str:
    return (APP / "README.md").read_text()


# ---- the folder


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


# ---- versions


def test_the_requirements_are_the_pins_of_the_constraints():
    lines = (APP / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert any(line.startswith("spaces==") for line in wanted)
    assert set(wanted) <= pins()


def test_the_front_matter_names_the_gradio_of_the_constraints():
    assert f"gradio=={front_matter(card())['sdk_version']}" in pins()


def test_zerogpu_gets_its_pytorch_and_everyone_else_the_pinned_one():
    requirements = (APP / "requirements.txt").read_text()
    assert filled_requirements(requirements, T4) == requirements
    there = set(filled_requirements(requirements, ZERO).splitlines())
    assert there ^ set(requirements.splitlines()) == {
        "torch==2.11.0",
        next(pin for pin in pins() if pin.startswith("torch==")),
    }


def test_requirements_that_conflict_are_refused_with_what_conflicts(monkeypatch):
    said = "error: No solution found\n  cause: Because a needs b<2 and you require b==2, no.\n"
    answer = subprocess.CompletedProcess([], 1, "", said)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    with pytest.raises(Refused, match=r"could not install .*T4.*: .*a needs b<2"):
        resolve("a\nb==2", "3.12", "for T4")


def test_a_package_index_that_cannot_be_reached_is_no_conflict(monkeypatch):
    said = "error: Failed to fetch: `https://index/a/`\n  cause: dns error\n"
    answer = subprocess.CompletedProcess([], 2, "", said)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    with pytest.raises(Refused, match="could not be reached"):
        resolve("a", "3.12", "for T4")
    (line, *_) = requirements_fit(APP, Order("ada/vlmscope", is_dry=True))
    assert line.startswith("NOT CHECKED: The package index could not be reached")
    with pytest.raises(Refused, match="could not be reached"):
        requirements_fit(APP, Order("ada/vlmscope"))


# ---- the card


@pytest.mark.parametrize("hardware", ALL, ids=lambda each: each.name)
def test_the_card_is_a_spaces_card_on_every_hardware(hardware):
    filled = filled_card(card(), "ada/vlmscope", hardware)
    front = front_matter(filled)
    assert front["suggested_hardware"] == hardware.name
    assert front["python_version"] == "3.12"
    assert front["sdk"] == "gradio"
    assert (APP / front["app_file"]).is_file()
    assert len(front["short_description"]) <= 60
    assert front["thumbnail"] == (
        "https://huggingface.co/spaces/ada/vlmscope/resolve/main/thumbnail.jpg"
    )
    assert PLACE not in filled


def test_a_cpu_preloads_nothing_and_the_rest_of_its_card_is_the_same():
    on_a_gpu, on_a_cpu = (
        front_matter(filled_card(card(), "ada/vlmscope", hardware)) for hardware in (T4, CPU)
    )
    assert on_a_gpu["preload_from_hub"] == ["Qwen/Qwen3-VL-2B-Instruct"]
    assert on_a_gpu | {"suggested_hardware": "cpu-basic"} == {
        **on_a_cpu,
        "preload_from_hub": on_a_gpu["preload_from_hub"],
    }


def test_the_thumbnail_is_a_small_picture_of_the_usual_shape():
    from PIL import Image

    file = APP / "thumbnail.jpg"
    with Image.open(file) as picture:
        assert picture.size == (1200, 630)
    assert file.stat().st_size < 300_000


# ---- by itself


def test_only_what_the_requirements_bring_is_there(tmp_path):
    names = {found.name.lower() for found in closure(["gradio[mcp]"])}
    assert {"gradio", "mcp", "pydantic"} <= names
    assert names.isdisjoint({"pytest", "torch", "vlmscope", "gradio_comparisongrid"})
    link_into(tmp_path / "site", ["gradio[mcp]"])
    there = {path.name for path in (tmp_path / "site").iterdir()}
    assert {"gradio", "mcp"} <= there
    assert there.isdisjoint({"pytest", "torch"})


def test_a_requirement_that_is_not_installed_is_named(tmp_path):
    with pytest.raises(Refused, match="no-such-package is among the requirements"):
        link_into(tmp_path, ["no-such-package==1"])
    link_into(tmp_path, ["pillow"], also=["no-such-package==1"])


def test_the_app_starts_alone_on_the_base_inside_shows_the_grid_and_compares(space):
    assert not lacks(space.folder), "the Space lacks what ships; `make train` makes it"
    seen = first_comparison(space)
    assert "baseline" in seen
    assert "arr-coc" in seen


def test_an_app_that_does_not_start_says_why(tmp_path):
    class Ends(Alone):
        def process(self, then, variables):
            code = [sys.executable, "-c", "print('no base'); raise SystemExit(1)"]
            return subprocess.Popen(code, stdout=subprocess.PIPE, text=True)

    with pytest.raises(Refused, match="ended at its start:\nno base"):
        first_comparison(Ends(tmp_path, tmp_path, tmp_path, "ada/vlmscope"))


def test_a_package_from_elsewhere_is_not_taken_for_the_folders_own(folder, tmp_path):
    for package in ("gradio_comparisongrid", "vlmscope"):
        (tmp_path / "site" / package).mkdir(parents=True)
        (tmp_path / "site" / package / "__init__.py").touch()
    bare = Alone(tmp_path / "app", tmp_path / "site", tmp_path, "ada/vlmscope")
    bare.folder.mkdir()
    shutil.copy(folder / "README.md", bare.folder)
    process = bare.process("print('started')", {})
    said = process.communicate()[0]
    assert process.returncode == 1
    assert "gradio_comparisongrid came from" in said
    assert "started" not in said


def test_a_card_that_asks_for_sign_in_starts_with_what_spaces_add_for_it():
    assert sign_in({}) == {}
    added = sign_in({"hf_oauth": True, "hf_oauth_scopes": ["read-repos"]})
    assert added["OAUTH_SCOPES"] == "openid profile read-repos"
    assert set(added) == {
        *("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL")
    }


def test_variables_are_read_by_the_app_before_they_are_set(space):
    check({"BASE": "a/b", "HUB": "c/d e", "CHECKPOINTS": "/mnt/heads"}, space)
    with pytest.raises(Refused, match="USERS=0 is no whole number"):
        check({"USERS": "0"}, space)
    with pytest.raises(Refused, match="BAES is no variable"):
        check({"BAES": "a/b"}, space)
    with pytest.raises(Refused, match="PORT is no variable"):
        check({"PORT": "1"}, space)


def test_a_secret_is_never_a_variable_and_its_value_is_not_said(space):
    with pytest.raises(Refused, match="SECRET would be a variable that everyone can read") as said:
        check({"SECRET": "correct horse battery"}, space)
    assert "correct" not in str(said.value)


def test_the_names_of_the_settings_come_from_the_cards_table():
    assert {"BASE", "HOST", "PORT", "SECRET", "TRACK"} <= settings_in(card())


def test_spaces_bring_the_gradio_of_the_card():
    version = front_matter(card())["sdk_version"]
    assert f"gradio[oauth,mcp]=={version}" in brought_by_spaces(version)


def test_the_front_matter_is_plain_yaml():
    assert isinstance(yaml.safe_load(card().split("---\n")[1]), dict)
