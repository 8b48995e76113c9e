"""Links: written, read again, and followed."""

from urllib.parse import parse_qs

import pytest

from gradio_comparisongrid import View
from links import Link, as_view, read, written
from vlmscope import InputError, Variant


class Address:
    def __init__(self, text: str) -> None:
        self.pairs = parse_qs(text.removeprefix("?"), keep_blank_values=True)

    def get(self, name: str) -> str | None:
        return self.pairs.get(name, [None])[0]

    def getlist(self, name: str) -> list[str]:
        return self.pairs.get(name, [])


LINES = ("baseline", 'arr-coc:"a, b & c.safetensors",keep=25%', "random:keep=64,seed=3")


def test_a_link_gives_back_what_was_written():
    link = Link(
        "Wo ist das Ø? & more=1",
        tuple(map(Variant.parse, LINES)),
        "scene-01.png",
        12,
        View(layer="attention", zoom=2.5, solo="random"),
    )
    assert read(Address(written(link))) == link


def test_an_address_that_asks_for_nothing_is_no_link():
    assert read(Address("")) is None
    assert read(Address("?__theme=dark&view=%7B%7D")) is None


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("?q=" + "a" * 2001, "This link is too long"),
        ("?q=a&v=" + "random" * 1000, "This link is too long"),
        ("?run=-1", "run='-1' is no number of a comparison"),
        ("?run=1e9", "is no number"),
        ("?run=" + "9" * 40, "is no number"),
        ("?q=a&v=random:keep=0", "The link's variants cannot be used. Line 1: keep=0"),
        ("?q=a&v=sharpest", "is no kind of variant"),
    ],
)
def test_a_link_that_cannot_be_used_says_why(address, sentence):
    with pytest.raises(InputError, match=sentence.replace("(", r"\(")):
        read(Address(address))


@pytest.mark.parametrize(
    "view", ["{", "[]", "nan", '{"zoom": 1e9}', '{"colormap": "<b>"}', "[" * 999]
)
def test_a_view_that_is_none_is_left_out_of_an_otherwise_good_link(view):
    link = read(Address("?" + "q=What&view=" + view))
    assert link is not None
    assert (link.question, link.view) == ("What", None)


def test_a_pages_own_mark_is_no_part_of_a_link():
    view = as_view({"zoom": 2, "told": "abc"})
    assert view == View(zoom=2)
