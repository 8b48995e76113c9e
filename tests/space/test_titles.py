import pytest

from request import with_budget
from titles import base_name, heading, settings_line, short_title
from vlmscope import Variant


@pytest.mark.parametrize(
    ("line", "title", "settings"),
    [
        ("baseline", "Baseline", "all tokens"),
        ("random:seed=3", "Random", "keep 50 % · seed 3"),
        ("uniform:keep=64", "Uniform", "keep 64"),
        ("arr-coc:runs/late.safetensors", "ARR-COC · late", "step 4000 · keep 50 %"),
        ("arr-coc:runs/late.safetensors,title=Mine", "Mine", "step 4000 · keep 50 %"),
    ],
)
def test_a_cell_is_headed_by_its_kind_and_what_is_set_stands_below(line, title, settings):
    variant = with_budget(Variant.parse(line), 50)
    assert heading(variant) == title
    assert settings_line(variant, {"runs/late.safetensors": "step 4000"}) == settings


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("baseline", "Baseline"),
        ("random:seed=3", "Random · 50 % · seed 3"),
        ("saliency:title=Edges", "Edges · 50 %"),
        ("uniform:keep=64,title=Mine", "Mine · 64"),
        ("arr-coc:runs/late.safetensors,title=Late,lora=own/a", "Late · 50 % · LoRA a"),
    ],
)
def test_where_one_line_is_all_there_is_it_says_what_is_set_whoever_gave_the_title(line, title):
    assert short_title(with_budget(Variant.parse(line), 50)) == title


def test_a_variant_is_the_same_cell_whatever_its_budget():
    variant = Variant.parse("random:seed=3")
    assert with_budget(variant, 25).id == with_budget(variant, 75).id == variant.id


def test_of_a_folder_only_its_own_name_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    for folder in (str(tmp_path / "runs" / "mine"), "runs/mine", "./mine", "~/bases/mine"):
        assert base_name(folder) == "mine"
    assert base_name("Qwen/Qwen3-VL-2B-Instruct") == "Qwen/Qwen3-VL-2B-Instruct"
    assert base_name("shipped") == "shipped"
