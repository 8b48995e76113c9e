"""Pure choices on the token grid."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from vlmscope.values.selection import (
    DROPPED,
    assignment,
    carriers,
    lattice,
    merges,
    resample,
    top_k,
)


def test_ties_go_to_the_lower_index():
    assert top_k(np.array([1.0, 2.0, 2.0, 2.0, 0.0]), 2).tolist() == [1, 2]


def test_what_is_no_number_is_chosen_last():
    assert top_k(np.array([np.nan, -5.0, 1.0]), 2).tolist() == [1, 2]


@pytest.mark.parametrize(("rows", "cols"), [(10, 10), (6, 20), (20, 3), (1, 7), (7, 1), (13, 11)])
def test_a_lattice_has_exactly_k_distinct_cells_for_every_k(rows: int, cols: int):
    for k in range(1, rows * cols + 1):
        cells = lattice(rows, cols, k)
        assert len(set(cells.tolist())) == k
        assert cells.min() >= 0 and cells.max() < rows * cols
        assert (np.diff(cells) > 0).all()


def test_a_quarter_of_a_square_is_every_other_row_and_column():
    cells = lattice(8, 8, 16)
    assert np.unique(np.diff(np.unique(cells // 8))).tolist() == [2]
    assert np.unique(np.diff(np.unique(cells % 8))).tolist() == [2]


def test_a_lattice_leaves_no_large_hole():
    for k in (4, 9, 20, 33, 50):
        cells = np.stack(np.divmod(lattice(12, 10, k), 10), axis=1)
        everywhere = np.stack(np.meshgrid(np.arange(12), np.arange(10), indexing="ij"), -1)
        gaps = np.abs(everywhere.reshape(-1, 1, 2) - cells[None]).max(-1).min(1)
        assert gaps.max() <= np.ceil(np.sqrt(120 / k))


@pytest.mark.parametrize(("rows", "cols"), [(10, 10), (7, 3), (32, 32), (5, 31)])
def test_shrinking_is_the_adaptive_average(rows: int, cols: int):
    values = np.random.default_rng(0).random((32, 32)).astype(np.float32)
    expected = F.adaptive_avg_pool2d(torch.from_numpy(values)[None], (rows, cols))[0]
    np.testing.assert_allclose(resample(values, rows, cols), expected, atol=1e-6)


@pytest.mark.parametrize(("rows", "cols"), [(64, 64), (33, 50), (32, 40)])
def test_enlarging_is_bilinear(rows: int, cols: int):
    values = np.random.default_rng(0).random((32, 32)).astype(np.float32)
    expected = F.interpolate(
        torch.from_numpy(values)[None, None].double(),
        (rows, cols),
        mode="bilinear",
        align_corners=False,
    )[0, 0]
    np.testing.assert_allclose(resample(values, rows, cols), expected, atol=1e-6)


def test_an_assignment_says_who_carries_whom():
    assign = assignment(2, 3, np.array([0, 4]))
    assert assign.tolist() == [[0, DROPPED, DROPPED], [DROPPED, 4, DROPPED]]
    assert carriers(assign).tolist() == [0, 4] and not merges(assign)
    assign[0, 1] = 4
    assert carriers(assign).tolist() == [0, 4] and merges(assign)
