"""What each kind keeps, against its definition computed another way."""

from __future__ import annotations

import itertools
from contextlib import contextmanager

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from tests.support.heads import make_state, save_head
from tests.support.reference import picture

from vlmscope import InputError, SharedBase, Variant, run
from vlmscope.values.selection import DROPPED, blocks, carriers, shrunk
from vlmscope.variants.context import Context
from vlmscope.variants.divprune import max_min
from vlmscope.variants.registry import make_kind
from vlmscope.variants.saliency import sobel

CONTROLS = ["random", "uniform", "downsample", "saliency", "center", "pool", "divprune"]


def brute_force_max_min(features: np.ndarray, k: int) -> list[int]:
    """DivPrune by its words: the whole table of distances, and every choice looked at."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    distance = 1 - unit @ unit.T
    count = len(features)
    others = [min(distance[i, j] for j in range(count) if j != i) for i in range(count)]
    picked = [max(range(count), key=lambda i: (others[i], -i))]
    while len(picked) < k:
        left = [i for i in range(count) if i not in picked]
        picked.append(max(left, key=lambda i: (min(distance[i, j] for j in picked), -i)))
    return picked


@pytest.mark.parametrize("seed", range(8))
def test_divprune_picks_what_its_definition_picks(seed: int):
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((int(generator.integers(2, 40)), 16))
    k = int(generator.integers(1, len(features) + 1))
    picked, _ = max_min(torch.from_numpy(features), k)
    assert picked.tolist() == brute_force_max_min(features, k)


def test_divprune_is_within_half_of_the_best_set_there_is():
    """Greedy max-min gives at least half of the best least distance (Gonzalez, 1985).

    That holds for a metric: here angles of vectors within a right angle, whose order is the cosine's.
    """
    for seed in range(5):
        features = np.abs(np.random.default_rng(seed).standard_normal((9, 4)))
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        angle = np.arccos(np.clip(unit @ unit.T, -1, 1))

        def least(chosen, angle=angle) -> float:
            return min(angle[i, j] for i, j in itertools.combinations(chosen, 2))

        best = max(least(chosen) for chosen in itertools.combinations(range(9), 4))
        picked, _ = max_min(torch.from_numpy(features), 4)
        assert least(picked) >= best / 2 - 1e-6


def test_divprune_tells_how_far_each_token_was():
    features = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [-1.0, 0.0]])
    picked, distance = max_min(features, 2)
    assert picked.tolist() == [3, 0]
    assert distance[3] == pytest.approx(1.0)  # to its nearest other, [0, 1]
    assert distance[0] == pytest.approx(2.0)  # to what was picked before it
    assert distance[2] == pytest.approx(1.0)  # to the nearest that was picked


def test_tokens_that_are_alike_and_a_single_one_are_picked_too():
    assert max_min(torch.ones(5, 3), 5)[0].tolist() == [0, 1, 2, 3, 4]
    assert max_min(torch.ones(1, 3), 1)[0].tolist() == [0]


def test_saliency_is_sobels_magnitude():
    grey = np.random.default_rng(0).random((20, 31))
    kernel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=torch.float64)
    padded = F.pad(torch.from_numpy(grey)[None, None], (1, 1, 1, 1), mode="replicate")
    across, down = F.conv2d(padded, torch.stack([kernel, kernel.T])[:, None])[0]
    np.testing.assert_allclose(sobel(grey), torch.hypot(across, down) / 8, atol=1e-12)


def test_saliency_keeps_where_the_edges_are(tiny: SharedBase):
    pixels = np.full((160, 160, 3), 200, np.uint8)
    pixels[70:90, 102:120] = 0  # within the token of row 2, column 3
    result = run(tiny, pixels, "Where?", ["saliency:keep=1"], max_new_tokens=1).results[0]
    assert result.kept.tolist() == [2 * 5 + 3]


def test_center_keeps_the_middle(tiny: SharedBase, square: Image.Image):
    (result,) = run(tiny, square, "Where?", ["center:keep=5"], max_new_tokens=1).results
    assert result.kept.tolist() == [7, 11, 12, 13, 17]


@pytest.mark.parametrize(("rows", "cols"), [(5, 5), (3, 20), (7, 11), (1, 9), (9, 1)])
def test_pools_blocks_are_k_rectangles_that_cover_the_grid(rows: int, cols: int):
    for k in range(1, rows * cols + 1):
        assign = blocks(rows, cols, k)
        kept = carriers(assign)
        assert len(kept) == k and (assign != DROPPED).all()
        for each in kept:
            down, right = np.nonzero(assign == each)
            area = (down.max() - down.min() + 1) * (right.max() - right.min() + 1)
            assert len(down) == area
            assert assign.ravel()[each] == each


def test_pool_averages_what_it_merges(tiny: SharedBase, square: Image.Image):
    (result,) = run(tiny, square, "What?", ["pool:keep=4"], max_new_tokens=1).results
    assert result.assign is not None and len(result.kept) == 4
    sizes = np.bincount(result.assign.ravel())
    assert sizes[sizes > 0].sum() == 25


@pytest.mark.parametrize(
    ("grid", "budget", "smaller"),
    [
        ((10, 10), 100, (10, 10)),
        ((10, 10), 50, (7, 7)),
        ((10, 10), 48, (6, 6)),
        ((6, 12), 20, (3, 6)),
        ((1, 40), 3, (1, 3)),
        ((10, 10), 1, (1, 1)),
        ((2, 40), 1, (1, 1)),
    ],
)
def test_the_largest_smaller_grid_of_the_same_shape(grid, budget: int, smaller):
    rows, cols = grid
    assert shrunk(rows, cols, budget) == smaller


def test_no_larger_grid_of_the_same_shape_was_within_the_budget():
    for rows, cols, budget in itertools.product(range(1, 12), range(1, 12), (1, 5, 17, 40)):
        found = shrunk(rows, cols, budget)
        others = {
            (max(1, int(rows * s / 1000 + 0.5)), max(1, int(cols * s / 1000 + 0.5)))
            for s in range(1, 1001)
        }
        within = [r * c for r, c in others if r * c <= budget]
        assert found[0] * found[1] >= max(within, default=1)


def test_a_smaller_image_is_an_input_of_its_own_and_its_real_count_is_told(tiny: SharedBase):
    image = picture(160, 96, seed=4)
    lines = ["baseline", "downsample:keep=8"]
    whole, small = run(tiny, image, "What?", lines, max_new_tokens=2).results
    assert whole.image is None and whole.grid == (3, 5)
    assert small.image is not None and small.grid == (2, 4) == (small.image.rows, small.image.cols)
    assert small.image.pixels.size == (128, 64)
    assert small.metrics["image_tokens"] == 8 and small.kept.tolist() == list(range(8))
    assert small.metrics["image_tokens_total"] == 15
    assert small.metrics["vision_s"] > 0


def test_a_base_that_enlarges_small_images_is_said(tiny: SharedBase, square: Image.Image):
    (result,) = run(tiny, square, "What?", ["downsample:keep=1"], max_new_tokens=1).results
    assert result.metrics["image_tokens"] == 4
    assert "enlarges" in result.warnings[0] and "4 image tokens" in result.warnings[0]


@pytest.mark.parametrize("kind", CONTROLS)
@pytest.mark.parametrize("keep", ["1", "7", "50%", "100%"])
def test_a_control_is_within_its_budget(kind: str, keep: str, tiny: SharedBase):
    image = picture(160, 128, seed=7)
    (result,) = run(tiny, image, "What?", [f"{kind}:keep={keep}"], max_new_tokens=1).results
    assert result.status == "done", result.error
    budget = Variant.parse(f"x:keep={keep}").keep.of(20)
    if kind == "downsample":
        assert len(result.kept) <= max(budget, 4)
    else:
        assert len(result.kept) == budget


class TestAblations:
    def test_each_score_is_left_out_and_participatory_stands_alone(self, tiny, tiny_head, square):
        lines = [
            "",
            ",without=information",
            ",without=perspectival",
            ",without=participatory",
            ",weights=equal",
            ",weights=0/0/1",
        ]
        results = run(
            tiny, square, "What?", [f"arr-coc:{tiny_head}{x}" for x in lines], max_new_tokens=1
        ).results
        assert [result.status for result in results] == ["done"] * 6
        full = results[0].maps
        alone = results[5].maps
        order = np.argsort(alone["relevance"].values.ravel(), kind="stable")
        same = np.argsort(full["participatory"].values.ravel(), kind="stable")
        assert order.tolist() == same.tolist()
        assert "0.333/0.333/0.333 (given weights)" in results[4].maps["relevance"].method
        assert "without information" in results[1].maps["relevance"].method
        relevance = [result.maps["relevance"].values for result in results]
        assert all(not np.allclose(relevance[0], other) for other in relevance[1:4])

    def test_the_heads_own_weights_are_what_it_has_without_options(self, tiny, tiny_head, square):
        plain, named = run(
            tiny,
            square,
            "What?",
            [f"arr-coc:{tiny_head}", f"arr-coc:{tiny_head},weights=head"],
            max_new_tokens=1,
        ).results
        assert np.array_equal(plain.maps["relevance"].values, named.maps["relevance"].values)

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ("weights=1/2", "weights=1/2 cannot be used; give head, equal, or three numbers"),
            ("weights=-1/0/1", "weights=-1/0/1 cannot be used"),
            ("weights=nan/0/1", "weights=nan/0/1 cannot be used"),
            ("without=colour", "without=colour is no score of ARR-COC; use information, persp"),
            ("weights=0/0/0", "leaves no score to choose by"),
            ("weights=0/0/1,without=participatory", "leaves no score to choose by"),
        ],
    )
    def test_what_cannot_be_weighed_is_refused(self, options: str, says: str):
        with pytest.raises(InputError, match=says):
            make_kind(Variant.parse(f"arr-coc:late.safetensors,{options}"))


def test_a_head_that_does_not_hear_the_question_says_so_with_what_was_measured(
    tiny, tmp_path, square
):
    deaf = make_state(tiny.hidden_size)
    for key, tensor in deaf.items():  # it scores every cell alike, whatever it is asked
        if "participatory" in key or key.endswith("4.weight"):
            tensor.zero_()
    line = f"arr-coc:{save_head(tmp_path / 'deaf.safetensors', tiny.hidden_size, state=deaf)}"
    warnings = run(tiny, square, "What is it?", [line], max_new_tokens=1).results[0].warnings
    assert warnings[0].startswith("This head hardly looks at the question: 100% of the 13 tokens")
    for few in ("keep=100%", "keep=5"):
        told = run(tiny, square, "What is it?", [f"{line},{few}"], max_new_tokens=1).results[0]
        assert not any("hardly" in warning for warning in told.warnings)


def test_asking_a_head_other_questions_is_in_no_figure(tiny, tiny_head, square, monkeypatch):
    """A clock that says so: beside it, a thousand seconds pass, and they are taken off."""

    @contextmanager
    def aside(context):
        yield
        context.aside_seconds += 1000

    monkeypatch.setattr(Context, "aside", aside)
    for mode in ("together", "measured"):
        made = run(tiny, square, "What?", [f"arr-coc:{tiny_head}"], max_new_tokens=1, mode=mode)
        assert made.results[0].metrics["select_s"] < 0
