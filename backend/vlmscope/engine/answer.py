"""An answer's text as its tokens come, never cut inside a character."""

from __future__ import annotations

from typing import Any

_BROKEN = "\N{REPLACEMENT CHARACTER}"


class Answer:
    """Decodes token by token; text that ends inside a character waits for its last token."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.token_ids: list[int] = []
        self.text = ""
        self._settled = 0
        self._context = 0

    def add(self, token_id: int) -> str:
        """Append a token and give the text it adds, which may be empty."""
        self.token_ids.append(token_id)
        return self._advance(final=False)

    def finish(self) -> str:
        """The text still held back, when the answer ends inside a character."""
        return self._advance(final=True)

    def _advance(self, final: bool) -> str:
        # Decoding starts early: some tokenizers strip a leading blank from what stands first.
        before = self._decode(self.token_ids[self._context : self._settled])
        now = self._decode(self.token_ids[self._context :])
        if len(now) <= len(before) or (now.endswith(_BROKEN) and not final):
            return ""
        self._context, self._settled = self._settled, len(self.token_ids)
        added = now[len(before) :]
        self.text += added
        return added

    def _decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
