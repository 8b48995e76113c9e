"""A variant in one line: what it says, what it refuses, and that it comes back the same."""

from __future__ import annotations

import pickle

import pytest

from vlmscope import InputError, Variant
from vlmscope.values.keep import Keep
from vlmscope.values.variant import with_unique_ids


@pytest.mark.parametrize(
    ("line", "kind", "source", "options", "adapters"),
    [
        ("baseline", "baseline", None, {}, ()),
        ("random:keep=50%,seed=3", "random", None, {"keep": "50%", "seed": "3"}, ()),
        ("arr-coc:runs/late.safetensors", "arr-coc", "runs/late.safetensors", {}, ()),
        ("arr-coc:a.safetensors,keep=0.5", "arr-coc", "a.safetensors", {"keep": "0.5"}, ()),
        ('arr-coc:"a,b.safetensors",keep=3', "arr-coc", "a,b.safetensors", {"keep": "3"}, ()),
        ('arr-coc:"keep=1/x"', "arr-coc", "keep=1/x", {}, ()),
        ("arr-coc:runs/lr=1/x.safetensors", "arr-coc", "runs/lr=1/x.safetensors", {}, ()),
        ("arr-coc:hf://spaces/o/n@main/a/b.st", "arr-coc", "hf://spaces/o/n@main/a/b.st", {}, ()),
        (r"arr-coc:C:\runs\a.st", "arr-coc", r"C:\runs\a.st", {}, ()),
        ("random:lora=adapters/a,keep=9", "random", None, {"keep": "9"}, ("adapters/a",)),
        (" uniform : keep=25% ".replace(" :", ":"), "uniform", None, {"keep": "25%"}, ()),
    ],
)
def test_a_line_is_read(line, kind, source, options, adapters):
    variant = Variant.parse(line)
    assert (variant.kind, variant.source, variant.adapters) == (kind, source, adapters)
    assert dict(variant.options) == options
    assert Variant.parse(str(variant)) == variant


@pytest.mark.parametrize(
    "variant",
    [
        Variant("random", options={"keep": 0.3, "seed": 3}),
        Variant("arr-coc", "a,b/c.safetensors", id="x", title="Half, kept"),
        Variant("arr-coc", ' odd "name" ', {"keep": "1"}, title='say "no"'),
        Variant("arr-coc", "title=x", title="seed=3"),
        Variant("random", adapters=("a b,c",), id="r,1"),
        Variant("random", options={"note": ""}),
        Variant("arr-coc", '"'),
    ],
)
def test_a_variant_survives_its_line_and_a_pickle(variant: Variant):
    assert Variant.parse(str(variant)) == variant
    assert pickle.loads(pickle.dumps(variant)) == variant
    assert hash(Variant.parse(str(variant))) == hash(variant)


@pytest.mark.parametrize(
    "line",
    [
        "",
        ":",
        "random:",
        "ran dom",
        "random:keep=50%,",
        "random:keep=50%,seed",
        "random:keep=50%,keep=2",
        'arr-coc:"a',
        'arr-coc:a"b"',
        "random:keep=",
        "arr-coc:a\nb",
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_the_way_out(line: str):
    with pytest.raises(InputError) as caught:
        Variant.parse(line)
    assert str(caught.value).count(".") >= 1 and str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("text", "total", "kept"),
    [
        ("64", 100, 64),
        ("1", 100, 1),
        ("500", 100, 100),
        ("1.0", 100, 100),
        ("100%", 7, 7),
        ("0.5", 7, 4),  # 3.5 rounds up
        ("50%", 7, 4),
        ("0.145", 100, 15),  # 14.5 rounds up, though 0.145 * 100 < 14.5 in binary
        ("0.001", 100, 1),
        ("12.5%", 100, 13),
        ("33.3 %", 9, 3),
        (".25", 16, 4),
        ("1e-3", 10000, 10),
    ],
)
def test_keep_is_a_count_or_a_share(text: str, total: int, kept: int):
    assert Keep.parse(text).of(total) == kept


def test_half_is_kept_unless_told_otherwise():
    assert Variant.parse("uniform").keep.of(100) == 50


@pytest.mark.parametrize(
    "text",
    ["0", "-1", "nan", "inf", "0.0", "0%", "-5%", "1.5", "150%", "half", "1/2", "٣", "9" * 40],
)
def test_a_budget_of_nothing_or_of_no_number_is_refused_by_its_value(text: str):
    with pytest.raises(InputError) as caught:
        Variant.parse(f"random:keep={text}")
    assert f"keep={text}" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["9" * 5000, "0." + "1" * 5000, "1" * 5000 + "%", "0." + "0" * 5000 + "1%", "x" * 5000]
)
def test_a_budget_of_thousands_of_digits_is_refused_in_a_line_that_can_be_read(text: str):
    for make in (lambda: Keep.parse(text), lambda: Variant.parse(f"random:keep={text}")):
        with pytest.raises(InputError, match=f"keep={text[:20]}") as caught:
            make()
        assert len(str(caught.value)) < 250 and str(caught.value).endswith(".")


def test_a_number_of_thousands_of_digits_is_no_option():
    with pytest.raises(InputError, match=r"'keep'.*thousands of digits"):
        Variant("random", options={"keep": 10**5000})


def test_repeated_variants_get_ids_of_their_own():
    line = "random:keep=50%"
    ids = [v.id for v in with_unique_ids([Variant.parse(line) for _ in range(3)])]
    assert len(set(ids)) == 3 and ids[0] == Variant.parse(line).id


def test_a_title_is_ready_to_show():
    assert Variant.parse("arr-coc:runs/late.safetensors,keep=50%").title == "ARR-COC · late · 50 %"
