"""The example package, installed as anyone would install it, adds a kind that merges."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tests.support.reference import picture

from vlmscope import InputError, SharedBase, Variant, kind_names, run
from vlmscope.values.selection import DROPPED, carriers
from vlmscope.variants.registry import make_kind

EXAMPLE = Path(__file__).parents[2] / "backend" / "example"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory):
    """Where the package was installed to, for as long as these tests run."""
    place = tmp_path_factory.mktemp("site")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--target", str(place)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(EXAMPLE)], check=True)
    sys.path.insert(0, str(place))
    yield place
    sys.path.remove(str(place))
    sys.modules.pop("vlmscope_alike", None)


def test_it_is_among_the_kinds(installed):
    assert "alike" in kind_names()


def test_it_merges_by_weight_on_every_level(installed, tiny: SharedBase):
    image = picture(160, 128, seed=31)
    (result,) = run(tiny, image, "What?", ["alike:keep=6"], max_new_tokens=2).results
    assert result.status == "done", result.error
    assert result.assign is not None and len(result.kept) == 6 and (result.assign != DROPPED).all()
    features, _ = tiny.features(tiny.pixels(image), tiny.plain)
    plan = make_kind(Variant.parse("alike:keep=6")).plan(_context(features.merged))
    assert np.array_equal(plan.assign, result.assign) and plan.weights is not None
    seen: Any = features.for_plan(plan)
    levels = [seen.pooler_output[0], *(level[0] for level in seen.deepstack_features)]
    for level, whole in zip(levels, [features.merged, *features.deepstack], strict=True):
        for place, carrier in enumerate(carriers(plan.assign)):
            cells = torch.from_numpy(np.flatnonzero(plan.assign.ravel() == carrier))
            weights = torch.from_numpy(plan.weights.ravel())[cells][:, None]
            mean = (weights * whole[cells]).sum(0) / weights.sum()
            torch.testing.assert_close(level[place], mean, atol=1e-5, rtol=1e-5)


def test_what_is_too_unlike_is_dropped_and_a_bad_option_refused(installed, tiny, square):
    (result,) = run(tiny, square, "What?", ["alike:keep=3,least=0.99"], max_new_tokens=1).results
    assert result.assign is not None and (result.assign == DROPPED).any()
    for least in ("2", "red", "nan"):
        with pytest.raises(InputError, match=f"least={least} is no cosine"):
            make_kind(Variant.parse(f"alike:least={least}"))


def _context(features: torch.Tensor) -> Any:
    return SimpleNamespace(grid=(4, 5), total=20, features=features)
