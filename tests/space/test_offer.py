"""What a person may name, and by which names."""

from dataclasses import replace

import pytest

from asked import asked_by
from menu import menu
from offer import Offer
from request import with_budget
from vlmscope import Checkpoint, InputError, Variant

PLACES = ("/runs/one/late.safetensors", "/runs/two/late.safetensors", "/runs/few-tokens")


@pytest.fixture
def public() -> Offer:
    return offered(is_private=False)


@pytest.fixture
def private() -> Offer:
    return offered(is_private=True)


def offered(is_private: bool) -> Offer:
    found = [
        Checkpoint("late", PLACES[0], kind="arr-coc"),
        Checkpoint("late", PLACES[1], kind="arr-coc"),
        Checkpoint("few-tokens", PLACES[2], kind="lora"),
    ]
    return Offer(menu(found), is_private)


def test_a_checkpoint_is_known_by_its_last_name_and_by_its_folder_where_two_have_one(public):
    assert public.places == {
        "one/late.safetensors": PLACES[0],
        "two/late.safetensors": PLACES[1],
        "few-tokens": PLACES[2],
    }


def test_a_veiled_variant_says_no_place_and_is_found_again(public):
    line = f"arr-coc:{PLACES[1]},keep=25%,lora={PLACES[2]}"
    veiled = public.veiled(Variant.parse(line))
    assert "/runs" not in str(veiled)
    assert public.resolved(veiled) == Variant.parse(line)


def test_strangers_name_what_is_offered_and_nothing_else(public, private):
    for line in ("arr-coc:/etc/passwd", "random:lora=/etc/passwd", "arr-coc:hf://a/b"):
        with pytest.raises(InputError, match="is no checkpoint this server offers"):
            public.resolved(Variant.parse(line))
        assert private.resolved(Variant.parse(line)) == Variant.parse(line)
    assert public.resolved(Variant("arr-coc", PLACES[0])).source == PLACES[0]


def test_at_the_desk_a_file_that_is_there_goes_before_a_name(private, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert private.resolved(Variant("lora", "few-tokens")).source == PLACES[2]
    (tmp_path / "few-tokens").mkdir()
    assert private.resolved(Variant("lora", "few-tokens")).source == "few-tokens"


def test_variants_of_the_form_are_said_by_the_form_again(private):
    chosen = [with_budget(each.variant, 25) for each in private.choices]
    asked = asked_by(chosen, private)
    assert asked.ticked == [each.variant.id for each in private.choices]
    assert (asked.percent, asked.lines, asked.own) == (25, "", {})


def test_own_options_and_a_second_of_a_kind_are_kept_apart(private):
    lines = ["random:keep=50%,seed=7", "random:keep=50%", "uniform:keep=64", f"lora:{PLACES[2]}"]
    asked = asked_by([Variant.parse(line) for line in lines], private)
    assert asked.ticked == ["random", "uniform", "lora-few-tokens"]
    assert asked.own == {"random": {"seed": "7"}, "uniform": {"keep": "64"}}
    assert asked.lines == "random:keep=50%"
    assert asked.percent == 50


def test_a_run_that_strangers_get_says_nowhere_where_files_lie(public, private, finished_run):
    broken = Variant.parse(f"arr-coc:{PLACES[0]},lora={PLACES[2]}")
    result = replace(
        finished_run.results[3],
        variant=broken,
        error=f"There is no checkpoint '{PLACES[0]}'; check the path.",
        warnings=(f"{PLACES[2]} has keys that are not used.",),
    )
    run = replace(
        finished_run,
        base={"name": "/runs/base"},
        stamp={"base": "/runs/base"},
        results=(result,),
    )
    told = public.veiled_run(run)
    assert "/runs" not in repr((told.base, told.stamp, told.results))
    assert "late.safetensors" in told.results[0].error
    assert (told.base["name"], told.stamp["base"]) == ("base", "base")
    assert private.veiled_run(run).results[0].error == result.error
