import sys
from pathlib import Path

import pytest

import setup


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """An empty checkout, where making .venv is only pretended: no pip, no seconds."""
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.delenv("PYTHON", raising=False)

    def make(what, command, **options):
        python = tmp_path / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)

    monkeypatch.setattr(setup, "call", make)
    return tmp_path


def half_made(root: Path, target: str) -> Path:
    """A .venv whose python is a link to `target`, with the stamps of better days."""
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(target)
    stamp = root / ".venv" / "stamps" / "packages"
    stamp.parent.mkdir()
    stamp.write_text("done")
    return stamp


@pytest.mark.parametrize("target", ["/bin/false", "/nowhere/python3.11"])
def test_a_venv_without_pip_or_without_its_python_is_made_again_with_its_stamps(root, target):
    stamp = half_made(root, target)
    python = setup.make_venv()
    assert python.resolve() == Path(sys.executable).resolve()
    assert not stamp.exists()


def test_a_whole_venv_is_left_as_it_is(root, monkeypatch):
    stamp = half_made(root, sys.executable)
    monkeypatch.setattr(setup, "is_healthy", lambda python: True)
    setup.make_venv()
    assert stamp.exists()


@pytest.mark.parametrize("end", [setup.Failed, KeyboardInterrupt])
def test_nothing_is_left_of_a_venv_that_could_not_be_finished(root, monkeypatch, end):
    def fail(*arguments, **options):
        half_made(root, sys.executable)
        raise end

    monkeypatch.setattr(setup, "call", fail)
    with pytest.raises(end):
        setup.make_venv()
    assert not (root / ".venv").exists()


def test_healthy_means_that_pip_answers():
    assert setup.is_healthy(Path(sys.executable))
    assert not setup.is_healthy(Path("/bin/false"))
    assert not setup.is_healthy(Path("/nowhere/python"))
