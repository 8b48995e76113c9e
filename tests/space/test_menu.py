from tests.support.adapters import save_adapter
from tests.support.heads import save_head
from torch import nn

from menu import fitting, menu, notes, ticked_at_first
from shelf import Shelf
from vlmscope import Checkpoint
from vlmscope.checkpoints.hub import Hub
from vlmscope.engine.adapters import linear_modules


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
        "Smaller image · a control",
        "Edges · a control",
        "Center · a control",
        "Pooled · neighbours averaged",
        "DivPrune · the most unlike",
    ]


def test_a_name_that_tells_the_step_is_not_told_it_twice():
    names = ("run_step-0600", "run_step-60", "run")
    labels = [choice.label for choice in menu([head(name, 600) for name in names])]
    assert labels[1:4] == [
        "ARR-COC run · step 600",
        "ARR-COC run step-0600",
        "ARR-COC run step-60 · step 600",
    ]


def test_only_checkpoints_that_fit_the_base_are_offered_and_the_others_are_named(tmp_path):
    save_head(tmp_path / "small.safetensors", 192)
    save_head(tmp_path / "large.safetensors", 2048)
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    narrow, wide = (nn.ModuleDict({"q_proj": nn.Linear(width, width)}) for width in (64, 192))
    save_adapter(tmp_path / "own", wide, ["q_proj"])
    save_adapter(tmp_path / "other", narrow, ["q_proj"])

    shelf = Shelf((str(tmp_path),), Hub(), True, 192, linear_modules(wide))
    fit, sentence = fitting(shelf.look().records, shelf.fits)
    assert sorted(found.name for found in fit) == ["own", "small"]
    assert sentence == (
        "2 of the 4 checkpoints found are for another base and not offered: large, other."
    )
    assert fitting(fit, shelf.fits) == (fit, "")


def test_checkpoints_of_one_name_are_told_apart_by_their_folders():
    sources = ("/a/late.safetensors", "/b/x/late.safetensors", "/c/x/late.safetensors")
    found = [Checkpoint("late", source, kind="arr-coc", step=4000) for source in sources]
    choices = [c for c in menu(found) if c.variant.source]
    assert [choice.label for choice in choices] == [
        "ARR-COC late (a) · step 4000",
        "ARR-COC late (b/x) · step 4000",
        "ARR-COC late (c/x) · step 4000",
    ]
    assert len({choice.variant.id for choice in choices}) == 3
    assert [choice.variant.source for choice in choices] == list(sources)


def test_four_are_ticked_at_first_whatever_was_found():
    few, many = menu([]), menu([head(f"run{i}", i) for i in range(6)])
    assert ticked_at_first(few) == ["baseline", "random", "uniform"]
    assert ticked_at_first(menu([head("late")])) == [
        "baseline",
        "arr-coc-late",
        "random",
        "uniform",
    ]
    assert ticked_at_first(many) == ["baseline", "arr-coc-run4", "arr-coc-run5", "random"]


def test_a_note_is_kept_for_each_source():
    assert notes(menu([head("late", 4000)])) == {"/runs/late.safetensors": "step 4000"}


def test_adapters_stand_after_the_heads_and_are_not_ticked_at_first():
    choices = menu([head("few_tokens", 500, kind="lora"), head("late", 600), head("early", 30)])
    assert [choice.label for choice in choices][1:4] == [
        "ARR-COC early · step 30",
        "ARR-COC late · step 600",
        "LoRA few tokens · step 500",
    ]
    assert "lora-few_tokens" not in ticked_at_first(choices)
