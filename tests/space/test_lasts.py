"""What pages show is held within bounds, and for no longer than the page's own state."""

import gc
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lasts import Lasts, size_of
from states import Last
from vlmscope import Run, RunImage


def of(side: int) -> Last:
    """A comparison on an image of so many pixels a side, and nothing else."""
    picture = RunImage(Image.new("RGB", (side, side)), 1, 1)
    return Last(Run(base={}, stamp={}, image=picture, query="What?", results=()))


def test_a_handle_finds_its_comparison_and_no_other():
    lasts = Lasts()
    one, other = of(8), of(8)
    handles = [lasts.keep(one), lasts.keep(other)]
    assert [lasts.find(handle) for handle in handles] == [one, other]
    assert lasts.find(None) is None


def test_what_was_not_asked_for_longest_makes_room():
    lasts = Lasts(most_bytes=2 * size_of(of(8)))
    first, second = lasts.keep(of(8)), lasts.keep(of(8))
    lasts.find(first)
    third = lasts.keep(of(8))
    assert lasts.find(second) is None
    assert lasts.find(first) and lasts.find(third)


def test_one_that_is_larger_than_all_the_room_is_held_alone():
    lasts = Lasts(most_bytes=10)
    small = lasts.keep(of(1))
    large = lasts.keep(of(64))
    assert lasts.find(large) and not lasts.find(small)


def test_a_comparison_goes_with_the_state_that_had_its_handle():
    lasts = Lasts()
    handle = lasts.keep(of(8))
    assert lasts.bytes == 8 * 8 * 3
    del handle
    gc.collect()
    assert lasts.bytes == 0


def test_what_everyone_sees_at_first_takes_its_room_once():
    lasts = Lasts()
    shown = of(8)
    kept = [lasts.keep(replace(shown, entry=number)) for number in range(100)]
    assert lasts.bytes == 8 * 8 * 3
    assert len(kept) == 100


@pytest.mark.parametrize("held", ["image", "assign", "maps"])
def test_all_that_is_large_in_a_run_is_counted(finished_run, held):
    result = finished_run.results[1]
    parts = {
        "image": finished_run.image.pixels.width * finished_run.image.pixels.height * 3,
        "assign": result.assign.nbytes,
        "maps": sum(each.values.nbytes for each in result.maps.values()),
    }
    without = {"assign": None, "maps": {}}
    if held == "image":
        small = RunImage(Image.new("RGB", (0, 0)), 1, 1)
        changed = replace(finished_run, image=small)
    else:
        less = replace(result, **{held: without[held]})
        changed = replace(finished_run, results=(finished_run.results[0], less))
        finished_run = replace(finished_run, results=finished_run.results[:2])
    assert parts[held] > 0
    assert size_of(finished_run) - size_of(changed) == parts[held]


def test_numbers_are_counted_by_their_bytes():
    assert size_of(np.zeros((3, 4), np.float32)) == 48
