"""What goes on in an ARR-COC head, held against the head's own arithmetic."""

from __future__ import annotations

import threading
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tests.support.heads import make_state, save_head
from tests.support.reference import picture

from vlmscope import CheckpointError, InputError, SharedBase, compare, internals, run
from vlmscope.arr_coc import ArrCoc
from vlmscope.engine.loading import shipped_folder
from vlmscope.values.selection import chance_jaccard, jaccard
from vlmscope.variants.arr_coc_head import PROBES

QUERY = "What colour is the star?"
OTHERS = ["How many are there?", "Is it raining?", "Where is the boat?"]
CHECKPOINTS = shipped_folder().parent / "checkpoints"
SHIPPED = sorted(CHECKPOINTS.glob("*.safetensors"))


def plainly(base: SharedBase, file: Path, image, query: str):
    """The head's scores by its own arithmetic, without the engine."""
    head = ArrCoc.from_state_dict(load_file(file))
    return head.score(np.asarray(image), base.query_embeddings(query).mean(dim=0))


def on_grid(values: torch.Tensor, grid: tuple[int, int]) -> np.ndarray:
    """Torch's own adaptive average: what a map that only shrinks is on a smaller grid."""
    return F.adaptive_avg_pool2d(values[None, None].double(), grid)[0, 0].numpy()


def best(values: np.ndarray, k: int) -> set[int]:
    """The k best cells, lower index first where they tie."""
    flat = values.ravel().tolist()
    return set(sorted(range(len(flat)), key=lambda cell: (-flat[cell], cell))[:k])


def test_it_equals_the_heads_own_arithmetic(base, head_file):
    image = picture(160, 128, seed=5)
    seen = internals(base, image, QUERY, f"arr-coc:{head_file},keep=6")
    plain = plainly(base, head_file, image, QUERY)
    pixels = base.pixels(image)
    assert seen.grid == (pixels.rows, pixels.cols)
    for name in ("information", "perspectival", "participatory", "balanced"):
        wanted = on_grid(getattr(plain, name), seen.grid)
        assert np.allclose(getattr(seen, name).values, wanted, atol=1e-6)
    assert list(seen.weights.values()) == pytest.approx(plain.weights.tolist())
    assert seen.channels.shape == (13, *seen.grid) and len(seen.channel_names) == 13
    for channel, texture in zip(seen.channels, plain.texture, strict=True):
        assert np.allclose(channel, on_grid(texture, seen.grid), atol=1e-6)
    assert set(np.flatnonzero(seen.kept).tolist()) == best(seen.balanced.values, 6)


def test_the_heads_weights_add_up_to_one_and_the_given_ones_are_those_used(tiny, tiny_head, square):
    own = internals(tiny, square, QUERY, f"arr-coc:{tiny_head}")
    assert sum(own.weights.values()) == pytest.approx(1) and own.weights == own.head_weights
    given = internals(tiny, square, QUERY, f"arr-coc:{tiny_head},weights=0/0/1")
    assert given.weights == {"information": 0, "perspectival": 0, "participatory": 1}
    assert given.head_weights == own.head_weights
    without = internals(tiny, square, QUERY, f"arr-coc:{tiny_head},without=information")
    assert without.weights == {**own.weights, "information": 0}


@pytest.mark.parametrize("options", ["", ",weights=equal", ",without=perspectival", ",keep=9"])
def test_it_keeps_what_a_comparison_keeps(tiny, tiny_head, square, options: str):
    line = f"arr-coc:{tiny_head}{options}"
    seen = internals(tiny, square, QUERY, line)
    result = run(tiny, square, QUERY, [line], max_new_tokens=1).results[0]
    assert np.array_equal(np.flatnonzero(seen.kept), result.kept)
    assert np.array_equal(seen.balanced.values, result.maps["relevance"].values)


def test_the_overlap_is_that_of_what_would_be_kept_for_each_question(base, head_file, square):
    line = f"arr-coc:{head_file},keep=40%"
    seen = internals(base, square, QUERY, line, other_queries=OTHERS)
    assert [other.query for other in seen.others] == OTHERS
    kept = set(np.flatnonzero(seen.kept).tolist())
    overlaps = []
    for other in seen.others:
        alone = run(base, square, other.query, [line], max_new_tokens=1).results[0]
        theirs = set(alone.kept.tolist())
        assert set(np.flatnonzero(other.kept).tolist()) == theirs
        assert other.jaccard == pytest.approx(len(kept & theirs) / len(kept | theirs))
        assert other.shared == pytest.approx(len(kept & theirs) / len(kept))
        asked = plainly(base, head_file, square, other.query)
        assert list(other.weights.values()) == pytest.approx(asked.weights.tolist())
        overlaps.append(other.jaccard)
    assert seen.mean_jaccard == pytest.approx(sum(overlaps) / 3)


def test_the_asked_question_and_repeated_ones_are_no_other_questions(tiny, tiny_head, square):
    def asked(*queries: str) -> list[str]:
        line = f"arr-coc:{tiny_head}"
        seen = internals(tiny, square, QUERY, line, other_queries=queries)
        return [other.query for other in seen.others]

    assert asked(QUERY, "Why?", "Why?") == ["Why?"]
    assert (
        asked() == []
        and internals(tiny, square, QUERY, f"arr-coc:{tiny_head}", other_queries=[]).mean_jaccard
        is None
    )
    seen = internals(tiny, square, PROBES[0], f"arr-coc:{tiny_head}")
    assert [other.query for other in seen.others] == list(PROBES[1:])


def test_a_head_that_hears_nothing_keeps_the_same_and_is_said_to(tiny, tmp_path, square):
    state = make_state(tiny.hidden_size)
    for key, tensor in state.items():
        if "participatory" in key or key.endswith("4.weight"):
            tensor.zero_()
    line = f"arr-coc:{save_head(tmp_path / 'deaf.safetensors', tiny.hidden_size, state=state)}"
    seen = internals(tiny, square, QUERY, line)
    assert seen.mean_jaccard == 1 and all(other.shared == 1 for other in seen.others)
    assert "hardly looks at the question" in seen.warnings[0]
    few = internals(tiny, square, QUERY, f"{line},keep=5")
    assert few.warnings == (
        "Only 5 tokens are kept; the overlap of so few says little of the head.",
    )
    (whole,) = internals(tiny, square, QUERY, f"{line},keep=100%").warnings
    assert whole.startswith("Every token is kept")


@pytest.mark.skipif(not SHIPPED, reason="no checkpoints ship")
def test_of_the_shipped_heads_the_blind_one_hears_least():
    base = SharedBase.load(device="cpu")
    image = shipped_folder().parent / "examples" / "scene-01.png"
    heard = {}
    for file in SHIPPED:
        seen = internals(base, image, QUERY, f"arr-coc:{file}")
        assert sum(seen.weights.values()) == pytest.approx(1)
        assert np.isfinite(seen.channels).all() and seen.kept.sum() == seen.kept.size // 2
        heard[file.stem] = seen.mean_jaccard
    (blind,) = (heard.pop(name) for name in list(heard) if name.startswith("blind"))
    assert blind > 0.9 and blind > min(heard.values())


@pytest.mark.parametrize(
    ("line", "error", "says"),
    [
        ("uniform:keep=5", InputError, "'uniform:keep=5' has no ARR-COC head to look into"),
        ("nothing", InputError, "is no kind of variant"),
        ("arr-coc", InputError, "needs a checkpoint"),
        ("arr-coc:nowhere.safetensors", CheckpointError, "nowhere.safetensors"),
    ],
)
def test_what_has_no_head_is_refused_in_a_sentence(tiny, square, line: str, error, says: str):
    with pytest.raises(error, match=says):
        internals(tiny, square, QUERY, line)


def test_other_questions_that_cannot_be_asked_are_refused(tiny, tiny_head, square):
    for queries, says in [("Why?", "one text"), ([" "], "empty"), (list("abc") * 11, "too many")]:
        with pytest.raises(InputError, match=says):
            internals(tiny, square, QUERY, f"arr-coc:{tiny_head}", other_queries=queries)


def test_a_fault_of_the_device_is_a_sentence(tiny, tiny_head, square, monkeypatch):
    def full(*args, **kwargs):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(ArrCoc, "score", full)
    with pytest.raises(RuntimeError, match="ran out of memory; use fewer variants"):
        internals(tiny, square, QUERY, f"arr-coc:{tiny_head}")


def test_it_runs_no_model_and_waits_for_its_turn_alone(tiny, tiny_head, monkeypatch):
    """While a comparison streams, its steps and these take turns; neither changes the other."""
    image, line = picture(160, 128, seed=77), f"arr-coc:{tiny_head}"
    lines = ["baseline", line]
    alone = [result.token_ids for result in run(tiny, image, QUERY, lines).results]
    before = internals(tiny, image, QUERY, line)
    seen = []
    events = compare(tiny, image, QUERY, lines)
    ends = []
    for event in events:
        if event.name == "token" and not seen:
            worker = threading.Thread(
                target=lambda: seen.append(internals(tiny, image, QUERY, line))
            )
            worker.start()
            worker.join()  # the comparison holds no lock between two of its events
        if event.name == "finished":
            ends.append(event)
    ends.sort(key=lambda event: event.index)
    assert [event.result.token_ids for event in ends] == alone
    assert np.array_equal(seen[0].balanced.values, before.balanced.values)

    def never(*args, **kwargs):
        raise AssertionError("the model ran")

    monkeypatch.setattr(tiny.model.model.visual, "forward", never)
    monkeypatch.setattr(tiny.model.model.language_model, "forward", never)
    assert internals(tiny, picture(96, 96, seed=92), QUERY, line).grid == (3, 3)


def test_chance_is_the_mean_over_all_pairs_of_selections():
    for total, k in product(range(1, 7), range(1, 7)):
        if k <= total:
            sets = [np.array(chosen) for chosen in combinations(range(total), k)]
            mean = np.mean([jaccard(one, other) for one in sets for other in sets])
            assert chance_jaccard(total, k) == pytest.approx(mean)
    assert chance_jaccard(5, 0) == 1 == jaccard(np.array([]), np.array([]))
