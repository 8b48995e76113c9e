"""What the grid's events tell a function, typed: the token that was selected, the vote cast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from gradio.events import EventData, SelectData
from gradio.exceptions import Error
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import sentence
from .model import repeated

if TYPE_CHECKING:
    from gradio.blocks import Block

Verdict = Literal["best", "tie", "bad"]


class Selection(SelectData):
    """The token under the crosshair that a person has pinned: `def on_select(at: Selection)`.

    `cell` is the cell's id, `row` and `col` count from 0, `index` is both, and `value` is the raw
    value of the layer that is drawn, None where it has none.
    """

    cell: str
    row: int
    col: int
    value: float | None

    def __init__(self, target: Block | None, data: Any) -> None:
        told = _read(_Selection, data)
        super().__init__(target, data | {"index": [told.row, told.col]})
        self.cell, self.row, self.col = told.cell, told.row, told.col


class Vote(EventData):
    """Which cells a person found best: `def on_vote(vote: Vote)`.

    `verdict` is "best", "tie" or "bad" (all of them); `chosen` holds the ids of the best cells,
    none unless the verdict is "best"; `order` the ids as they were shown, left to right; `blind`
    is true when titles and figures were hidden.
    """

    chosen: list[str]
    verdict: Verdict
    order: list[str]
    blind: bool

    def __init__(self, target: Block | None, data: Any) -> None:
        told = _read(_Vote, data)
        super().__init__(target, data)
        self.chosen, self.verdict = told.chosen, told.verdict
        self.order, self.blind = told.order, told.blind


class _Sent(BaseModel):
    """What a page, or a stranger's program, says has happened."""

    model_config = ConfigDict(strict=True)


class _Selection(_Sent):
    cell: str
    row: int = Field(ge=0)
    col: int = Field(ge=0)
    value: float | None


class _Vote(_Sent):
    chosen: list[str]
    verdict: Verdict
    order: list[str]
    blind: bool

    @model_validator(mode="after")
    def _agrees(self) -> _Vote:
        for name, ids in (("chosen", self.chosen), ("order", self.order)):
            twice = repeated(ids)
            if twice is not None:
                raise ValueError(f"Vote.{name} has {twice!r:.60} twice")
        strange = next((id for id in self.chosen if id not in self.order), None)
        if strange is not None:
            raise ValueError(f"Vote.chosen has {strange!r:.60}, which is not among those shown")
        if (self.verdict == "best") != bool(self.chosen):
            raise ValueError(
                f"Vote.verdict is {self.verdict!r} with {len(self.chosen)} chosen: "
                "only 'best' has any"
            )
        return self


Told = TypeVar("Told", bound=_Sent)


def _read(kind: type[Told], data: Any) -> Told:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        # The fault lies with the sender: it gets the sentence, and the log needs no trace.
        said = sentence(kind.__name__.lstrip("_"), error)
        raise Error(said, print_exception=False) from error
