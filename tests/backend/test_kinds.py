"""Kinds of variants: those that ship, and anyone's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlmscope import InputError, kind_names, kinds, run
from vlmscope.variants.registry import find_kind, register

PLUGIN = '''
import numpy as np
from vlmscope import Plan


class Corner:
    """The first tokens of the grid."""

    summary = "A corner of the image."
    options = frozenset({"keep"})
    source = False

    def __init__(self, variant):
        self.variant = variant

    def plan(self, context):
        return Plan.keeping(context.grid, np.arange(self.variant.keep.of(context.total)))
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A package, as pip would leave it, with two kinds: one works, one cannot be imported."""
    (tmp_path / "corner_kind.py").write_text(PLUGIN)
    info = tmp_path / "corner_kind-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: corner-kind\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[vlmscope.variants]\ncorner = corner_kind:Corner\nlost = nowhere_kind:Lost\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_the_kinds_that_ship_are_there():
    controls = {"random", "uniform", "downsample", "saliency", "center", "pool"}
    assert set(kinds()) >= {"baseline", "arr-coc", "divprune"} | controls
    assert all(kind.summary for kind in kinds().values())


def test_a_kind_of_an_installed_package_runs_by_its_name(package, tiny, square):
    assert "corner" in kind_names()
    result = run(tiny, square, "Why?", ["corner:keep=3"], max_new_tokens=1).results[0]
    assert result.kept.tolist() == [0, 1, 2]


def test_a_package_that_cannot_be_imported_is_named_and_hides_no_other(package):
    with pytest.raises(InputError, match=r"lost.*nowhere_kind"):
        find_kind("lost")
    assert "corner" in kinds() and "lost" not in kinds()


def test_a_name_that_is_taken_cannot_be_registered():
    with pytest.raises(InputError, match="baseline"):
        register("baseline", find_kind("random"))


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(
        InputError, match=r"nosuch.*baseline, lora, arr-coc, divprune, random, uniform"
    ):
        find_kind("nosuch")
