"""The JSON schema of the grid's value, as Gradio's API page, its clients and MCP read it."""

from __future__ import annotations

from functools import cache
from typing import Any

from .comparison import Comparison


@cache
def api_schema() -> dict[str, Any]:
    """A comparison's schema that stands for itself inside any other one.

    Gradio puts it into an MCP tool's schema, where its references would point nowhere and every
    call would be refused. `image` has no null beside it: only then does Gradio take the address
    of an image from an MCP client there; whoever has no image leaves it out.
    """
    schema = Comparison.model_json_schema()
    definitions = schema.pop("$defs")
    schema = _without_references(schema, definitions)
    schema["additional_description"] = schema.pop("description")
    schema["properties"]["image"] = schema["properties"]["image"]["anyOf"][0]
    return schema


def _without_references(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_without_references(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    own = dict(node)
    name = own.pop("$ref", "").removeprefix("#/$defs/")
    whole = definitions[name] | own if name else own
    return {key: _without_references(each, definitions) for key, each in whole.items()}
