"""What a variant dropped of what the baseline looked at as it wrote its answer.

What an answer needs of an image shifts while it is being written (arXiv 2604.12358): a share for
each token of the answer says more than one for the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from vlmscope.engine.row import Row
from vlmscope.values.events import Evidence
from vlmscope.values.selection import DROPPED


def lost_evidence(rows: Sequence[Row]) -> Iterator[Evidence]:
    """For each variant that chose among the baseline's image tokens, what it lost of its evidence.

    Nothing without maps for words, or without a baseline that has answered.
    """
    baseline = next((row for row in rows if _is_whole(row)), None)
    if baseline is None:
        return
    looks = [values for _, _, values in baseline.looks]
    for row in rows:
        # An image of its own has other tokens: none of them is one of the baseline's.
        if row.plan is None or row.outcome is None or row.has_failed or row.image is not None:
            continue
        lost = tuple(share_on_dropped(look, row.plan.assign) for look in looks)
        row.metrics["lost_evidence"] = 100 * float(np.mean(lost))
        result = replace(row.outcome, metrics=dict(row.metrics), lost=lost)
        yield Evidence(row.index, row.variant.id, result)


def _is_whole(row: Row) -> bool:
    """Whether it is the unchanged base, and its answer complete."""
    is_base = row.variant.kind == "baseline" and not row.variant.adapters
    return is_base and bool(row.looks) and row.outcome is not None and row.outcome.status == "done"


def share_on_dropped(attention: np.ndarray, assign: np.ndarray) -> float:
    """The share, 0 to 1, of an attention map that lies on the tokens an assignment drops."""
    total = float(attention.sum(dtype=np.float64))
    on_dropped = float(attention[assign == DROPPED].sum(dtype=np.float64))
    return on_dropped / total if total > 0 else 0.0
