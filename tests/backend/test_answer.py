"""Streamed text is never cut inside a character."""

from __future__ import annotations

import pytest
from tests.support.tiny_base import make_tokenizer

from vlmscope.engine.answer import Answer

TOKENIZER = make_tokenizer()


@pytest.mark.parametrize(
    "text",
    ["The star is red.", "Où est l'étoile ★?", "日本語のテキスト", "👩‍👩‍👧 family", " a  b\n", "é"],
)
def test_pieces_are_whole_characters_and_add_up(text: str):
    ids = TOKENIZER.encode(text, add_special_tokens=False)
    answer = Answer(TOKENIZER)
    pieces = [answer.add(token_id) for token_id in ids] + [answer.finish()]
    assert "".join(pieces) == answer.text == text
    assert not any("\N{REPLACEMENT CHARACTER}" in piece for piece in pieces)


def test_an_answer_cut_inside_a_character_shows_that_something_was_there():
    ids = TOKENIZER.encode("a★", add_special_tokens=False)[:-1]
    answer = Answer(TOKENIZER)
    assert "".join(answer.add(token_id) for token_id in ids) == "a"
    assert answer.finish() == "\N{REPLACEMENT CHARACTER}" and answer.text.startswith("a")


def test_special_tokens_are_not_shown():
    ids = TOKENIZER.encode("a<|vision_start|>b", add_special_tokens=False)
    answer = Answer(TOKENIZER)
    assert "".join(answer.add(token_id) for token_id in ids) == "ab"
