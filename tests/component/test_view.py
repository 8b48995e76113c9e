"""The view: kept with the value, and refused where it says what no grid can show."""

import pytest

from gradio_comparisongrid import Cell, Comparison, InvalidComparison, Metric, View


def test_every_part_of_a_view_is_kept_with_the_value():
    view = View(
        layer="x",
        colormap="magma",
        opacity=0.5,
        threshold=20,
        normalize="percentile",
        range=(-1, 2.5),
        smooth=True,
        tokens=False,
        difference=True,
        zoom=3,
        center=(0.2, 0.4),
        linked=False,
        swipe=0.25,
        region=(0.1, 0.2, 0.5, 1),
        solo="a",
        order=["b", "a"],
        hidden=["c"],
        sort="total_s",
        answers="changes",
        deltas="ratio",
        told="page-1",
    )
    assert None not in view.model_dump().values()
    value = Comparison(view=view, metrics=[Metric("total_s")])
    assert Comparison.from_json(value.model_dump(mode="json")).view == view


@pytest.mark.parametrize(
    "field",
    [
        {"zoom": 0.5},
        {"opacity": 2},
        {"colormap": "jet"},
        {"threshold": 101},
        {"swipe": -0.1},
        {"answers": "red"},
        {"deltas": "log"},
        {"order": "a"},
    ],
)
def test_a_view_out_of_bounds_is_refused(field):
    with pytest.raises(InvalidComparison, match=f"View.{next(iter(field))} is "):
        View(**field)


@pytest.mark.parametrize("ends", [(2, 1), (1, 1)])
def test_a_range_needs_its_low_end_first(ends):
    with pytest.raises(InvalidComparison, match=rf"View\.range: {ends[0]} to 1 is no range: low"):
        View(range=ends)


@pytest.mark.parametrize("end", [float("inf"), float("nan")])
def test_a_range_has_finite_ends(end):
    with pytest.raises(InvalidComparison, match=r"View\.range\[1\] is (inf|nan): .* finite"):
        View(range=(0, end))


@pytest.mark.parametrize(
    "box",
    [(0.5, 0, 0.5, 1), (0, 0.6, 1, 0.5), (-0.1, 0, 1, 1), (0, 0, 1, 1.1)],
)
def test_a_region_is_a_box_within_the_picture(box):
    with pytest.raises(InvalidComparison, match=r"View\.region: \(.*\) is no box on the picture"):
        View(region=box)


def test_a_region_has_four_numbers():
    with pytest.raises(InvalidComparison, match=r"View\.region"):
        View(region=(0, 0, 1))  # pyright: ignore[reportArgumentType]


def test_a_region_is_kept_in_a_file_and_on_a_page(tmp_path):
    value = Comparison(view=View(region=(0.25, 0, 0.75, 0.5)))
    assert Comparison.load(value.save(tmp_path / "run.json")) == value
    assert '"region":[0.25,0.0,0.75,0.5]' in value.to_html()


def test_sorting_by_what_is_no_metric_is_refused_with_the_known_ones():
    with pytest.raises(InvalidComparison, match=r"sorts by 'speed', .* no metric \(total_s\)"):
        Comparison(view=View(sort="speed"), metrics=[Metric("total_s")])


def test_a_view_left_over_from_another_value_does_not_stop_a_client_or_a_file(tmp_path):
    view = {"sort": "speed", "layer": "x", "solo": "b", "order": ["b"], "hidden": ["c"]}
    value = Comparison.from_json({"cells": [{"id": "a"}], "view": view})
    assert value.view == View(**view)
    assert Comparison.load(value.save(tmp_path / "run.json")) == value


def test_names_that_nothing_has_yet_are_taken_but_for_sort():
    view = View(layer="later", solo="later", order=["later"], hidden=["later"])
    assert Comparison(view=view, cells=[Cell("a")]).view == view


def test_a_file_holds_no_mark_of_the_page(tmp_path):
    value = Comparison(view=View(zoom=2, told="page-1"))
    assert Comparison.load(value.save(tmp_path / "a.json")).view == View(zoom=2)
    assert "page-1" not in value.to_html()
