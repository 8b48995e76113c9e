"""Sets of variants from what is offered."""

from menu import menu
from presets import ABLATIONS, CHECKPOINTS, CONTROLS, preset
from request import parse_lines
from vlmscope import Checkpoint
from vlmscope.variants.registry import make_kind


def choices(heads: int = 2):
    found = [
        Checkpoint(f"run_{step}", f"/runs/run_{step}.safetensors", kind="arr-coc", step=step)
        for step in range(1, heads + 1)
    ]
    return menu([*found, Checkpoint("few", "/runs/few", kind="lora")] if heads else [])


def test_checkpoints_are_the_baseline_and_every_checkpoint():
    asked, said = preset(CHECKPOINTS, choices(), [], 16, 25)
    assert asked and not said
    assert asked.ticked == ["baseline", "arr-coc-run_1", "arr-coc-run_2", "lora-few"]
    assert asked.percent == 25


def test_of_more_checkpoints_than_may_be_compared_the_latest_stay_and_it_is_said():
    asked, said = preset(CHECKPOINTS, choices(20), [], 8, 50)
    assert asked and len(asked.ticked) == 8
    assert asked.ticked[-2:] == ["arr-coc-run_20", "lora-few"]
    assert said == "14 of the 21 checkpoints are left out: 8 variants at most."


def test_controls_go_with_the_ticked_heads_or_else_the_latest():
    ticked, _ = preset(CONTROLS, choices(), ["arr-coc-run_1"], 16, 50)
    latest, _ = preset(CONTROLS, choices(), ["baseline"], 16, 50)
    assert ticked and ticked.ticked[:2] == ["arr-coc-run_1", "random"]
    assert latest and latest.ticked[:2] == ["arr-coc-run_2", "random"]
    assert "baseline" not in latest.ticked


def test_ablations_are_lines_that_the_engine_takes_each_with_its_own_name():
    asked, _ = preset(ABLATIONS, choices(), ["arr-coc-run_1"], 16, 50)
    assert asked and asked.ticked == ["arr-coc-run_1"]
    variants = parse_lines(asked.lines)
    assert [v.options.get("without") for v in variants[:3]] == [
        "information",
        "perspectival",
        "participatory",
    ]
    assert [v.options.get("weights") for v in variants[3:]] == ["equal", "0/0/1"]
    assert len({v.id for v in variants}) == len({v.title for v in variants}) == 5
    for variant in variants:
        make_kind(variant)


def test_without_a_checkpoint_a_preset_says_where_to_find_some():
    assert preset(CHECKPOINTS, choices(0), [], 16, 50) == (
        None,
        "There is no checkpoint yet; find some in the tab Checkpoints.",
    )
    assert preset(ABLATIONS, choices(0), [], 16, 50)[0] is None
    controls, said = preset(CONTROLS, choices(0), [], 16, 50)
    assert controls and controls.ticked[0] == "random"
    assert "the controls alone" in said
