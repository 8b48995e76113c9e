"""The base of every model on the wire: positional constructors, no unknown fields, no NaN."""

from __future__ import annotations

from typing import Any

from gradio.data_classes import GradioModel
from pydantic import ConfigDict, ValidationError

from .errors import InvalidComparison, sentence


def _plain_schema(schema: dict[str, Any]) -> None:
    # Gradio's API page fails on `additionalProperties: false`.
    schema.pop("additionalProperties", None)


class WireModel(GradioModel):
    """A pydantic model whose constructor says one sentence when it refuses a value.

    Assigning to a field checks it as the constructor does, so that a generator may change a
    value between two yields.
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
            raise InvalidComparison(sentence(type(self).__name__, error)) from error

    # Tells pydantic that validating JSON need not come through this constructor. Its own
    # RootModel does the same. Two things hang on it: what a client sends never meets the
    # constructors' conveniences (paths, arrays), and Gradio's check of files reaches every field.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def from_json(cls, x: Any) -> Any:
        """Read plain JSON data, with none of the constructor's conveniences."""
        return cls.model_validate(x)
