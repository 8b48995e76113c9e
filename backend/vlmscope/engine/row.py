"""One variant on its way through a comparison."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from vlmscope.engine.adapters import Adapted
from vlmscope.engine.answer import Answer
from vlmscope.engine.features import Pixels
from vlmscope.engine.prefill import Prefilled
from vlmscope.engine.prompt import Prompt
from vlmscope.engine.sampling import Chooser
from vlmscope.values.errors import VlmscopeError
from vlmscope.values.events import Failed, Finished, Maps, Stopped, Token
from vlmscope.values.looks import Look, with_sinks, word_maps
from vlmscope.values.plan import Plan, TokenMap
from vlmscope.values.result import Result, RunImage, Spread, Status
from vlmscope.values.selection import carriers
from vlmscope.values.variant import Variant


@dataclass(eq=False)
class Row:
    """A variant's place in the order, its plan, its answer so far and its figures.

    `adapted` is the model that it runs on, computed in float32 when the row `is_wide`; `image` its own
    input, when that is another one than the comparison's, whose `prompt` and `pixels` then are others;
    `varies` says that a repeated run gave another answer.
    """

    index: int
    variant: Variant
    choose: Chooser
    answer: Answer
    plan: Plan | None = None
    adapted: Adapted | None = None
    is_wide: bool = False
    prompt: Prompt | None = None
    pixels: Pixels | None = None
    image: RunImage | None = None
    prefilled: Prefilled | None = None
    maps: dict[str, TokenMap] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    spreads: dict[str, Spread] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    ended: bool = False
    varies: bool = False
    outcome: Result | None = None

    @property
    def last_token(self) -> int:
        return self.answer.token_ids[-1]

    @property
    def has_failed(self) -> bool:
        return self.outcome is not None and self.outcome.status == "failed"

    @property
    def model(self) -> Any:
        """What computes this row."""
        assert self.adapted is not None
        return self.adapted.wide.model if self.is_wide else self.adapted.model

    @property
    def prompt_tokens(self) -> int:
        """How many tokens its prompt has with the image tokens that are kept."""
        assert self.prompt is not None and self.plan is not None
        dropped = self.prompt.image_places.numel() - len(carriers(self.plan.assign))
        return self.prompt.ids.numel() - dropped

    def widen(self) -> None:
        """From here on in float32."""
        self.is_wide, self.prefilled = True, None
        tokens = len(self.answer.token_ids)
        since = f"after {tokens} tokens of the answer" if tokens else "in the prompt"
        self.warnings.append(
            f"float16 overflowed {since}, so this variant was run again in float32; "
            "its seconds are no other variant's."
        )

    def maps_event(self) -> Maps:
        assert self.plan is not None
        rows, cols = self.plan.assign.shape
        return Maps(
            self.index,
            self.variant.id,
            (rows, cols),
            self.plan.assign,
            dict(self.maps),
            dict(self.metrics),
            tuple(self.warnings),
            self.image,
        )

    def take(
        self,
        logits: torch.Tensor,
        end_tokens: frozenset[int],
        limit: int,
        attention: np.ndarray | None = None,
    ) -> Iterator[Token]:
        """Choose from logits [V] and say which token; `ended` at an end token or the limit.

        `attention` [rows, cols] is where the model looked as it gave these logits.
        """
        if not bool(torch.isfinite(logits).all()):
            raise VlmscopeError(
                f"{self.variant.title}: the model's logits are not finite; "
                "load the base with dtype='float32'."
            )
        token_id = self.choose(logits)
        if token_id in end_tokens:
            self.finish()
            return
        start = len(self.answer.text)
        text = self.answer.add(token_id)
        at_limit = len(self.answer.token_ids) >= limit
        if at_limit:
            self.warnings.append(f"The answer was cut after max_new_tokens={limit} tokens.")
        end = start + len(text)
        if attention is not None:
            self.looks.append((start, end, attention))
        yield Token(self.index, self.variant.id, token_id, text, start, end, attention)
        if at_limit:
            self.finish()

    def finish(self) -> None:
        self.answer.finish()
        self.ended = True
        self.prefilled = None

    def finished(self) -> Finished:
        return Finished(self.index, self.variant.id, self._out("done"))

    def failed(self, error: str) -> Failed:
        self.ended = True
        self.prefilled = None  # its cache may be why the device is full
        return Failed(self.index, self.variant.id, self._out("failed", error))

    def stopped(self) -> Stopped:
        self.answer.finish()
        self.ended = True
        return Stopped(self.index, self.variant.id, self._out("stopped"))

    def _out(self, status: Status, error: str | None = None) -> Result:
        """The row's result, and note it as what came of it."""
        self.maps = with_sinks(self.maps, self.looks)
        self.outcome = self.result(status, error)
        return self.outcome

    def result(self, status: Status, error: str | None = None) -> Result:
        rows_cols = None if self.plan is None else (self.plan.assign.shape)
        return Result(
            id=self.variant.id,
            variant=self.variant,
            status=status,
            answer=self.answer.text,
            token_ids=tuple(self.answer.token_ids),
            grid=None if rows_cols is None else (rows_cols[0], rows_cols[1]),
            assign=None if self.plan is None else self.plan.assign,
            maps=dict(self.maps),
            metrics=dict(self.metrics),
            warnings=tuple(self.warnings),
            error=error,
            image=self.image,
            spreads=dict(self.spreads),
            words=word_maps(self.looks, len(self.answer.text)),
        )


class Clock:
    """Seconds since it was made, on a monotonic clock."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._start
