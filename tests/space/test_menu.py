from menu import menu, notes, ticked_at_first
from vlmscope import Checkpoint


def head(name: str, step: int | None = None, kind: str | None = "arr-coc") -> Checkpoint:
    return Checkpoint(name, f"/runs/{name}.safetensors", kind=kind, step=step)


def test_heads_stand_in_order_of_their_step_between_the_baseline_and_the_controls():
    choices = menu([head("late", 4000), head("undated"), head("early", 500)])
    assert [choice.label for choice in choices] == [
        "Baseline · all tokens",
        "ARR-COC early · step 500",
        "ARR-COC late · step 4000",
        "ARR-COC undated",
        "Random · seed 0",
        "Uniform · a regular lattice",
    ]


def test_what_is_no_arr_coc_head_is_not_offered():
    assert len(menu([head("adapter", kind="lora"), head("broken", kind=None)])) == 3


def test_four_are_ticked_at_first_whatever_was_found():
    few, many = menu([]), menu([head(f"run{i}", i) for i in range(6)])
    assert ticked_at_first(few) == ["baseline", "random", "uniform"]
    assert ticked_at_first(menu([head("late")])) == [
        "baseline",
        "arr-coc-late",
        "random",
        "uniform",
    ]
    assert ticked_at_first(many) == ["baseline", "arr-coc-run0", "arr-coc-run1", "random"]


def test_a_note_is_kept_for_each_source():
    assert notes(menu([head("late", 4000)])) == {"/runs/late.safetensors": "step 4000"}
