"""The base of every model on the wire: positional constructors, no unknown fields, no NaN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from gradio.data_classes import GradioModel
from pydantic import AfterValidator, ConfigDict, ValidationError

from .errors import InvalidComparison, sentence


def _plain_schema(schema: dict[str, Any]) -> None:
    # Gradio's API page fails on `additionalProperties: false`.
    schema.pop("additionalProperties", None)


LARGEST = 2**53
"""The largest whole number that JSON's readers keep exactly."""


def encodable(text: str) -> str:
    """`text`, when a file and a page can hold it; raises ValueError for half a character."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{text[error.start : error.end]!r} at {error.start} is half a character, which no file "
            "and no page can hold: decode the text with errors='replace'"
        ) from None
    return text


Text = Annotated[str, AfterValidator(encodable)]
"""What a person reads."""


class WireModel(GradioModel):
    """A pydantic model that says one sentence, InvalidComparison, when it refuses a value.

    Assigning to a field checks it as the constructor does, so that a generator may change a
    value between two yields; what was refused leaves the model as it was.
    """

    model_config = ConfigDict(
        extra="forbid",
        validate_assignment=True,
        allow_inf_nan=False,
        json_schema_extra=_plain_schema,
    )

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise InvalidComparison(sentence(_called(type(self), data), error)) from error

    # Tells pydantic that validating JSON need not come through this constructor. Its own
    # RootModel does the same. Two things hang on it: what a client sends never meets the
    # constructors' conveniences (paths, arrays), and Gradio's check of files reaches every field.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def __setattr__(self, name: str, value: Any) -> None:
        before = self.__dict__
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            # Pydantic assigns first and compares the fields with each other afterwards.
            object.__setattr__(self, "__dict__", before)
            raise InvalidComparison(sentence(_called(type(self), before), error)) from error

    @classmethod
    def from_json(cls, x: Any) -> Any:
        """Read plain JSON data, with none of the constructor's conveniences."""
        return cls.model_validate(x)


def repeated(names: Iterable[str]) -> str | None:
    """The first of these names that was there before, or None."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _called(kind: type, data: Mapping[str, Any]) -> str:
    """What an error calls a thing of many: its kind, and the name it was given."""
    name = data.get("id") or data.get("key")
    return f"{kind.__name__} {name!r:.60}" if isinstance(name, str) else kind.__name__
