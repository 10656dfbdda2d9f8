"""Rewrites what tools stumble over that check documents or generate clients from them. The meaning stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_NULL = {"type": "null"}
_DATA = frozenset({"example", "examples", "default", "enum", "const"})
"""Keys below which there is no schema."""


def make_portable(document: dict[str, Any]) -> None:
    """Changes an OpenAPI document in place."""
    for part in _parts(document):
        _one_type_of_items(part)
        _named_where_told_apart(part)
        if isinstance(part.get("default"), dict) and "properties" not in part:
            del part["default"]  # few generators know what to do with an object
        if "in" in part and "schema" in part:
            part["schema"] = _given(part["schema"])


def _parts(tree: Any) -> Iterator[dict[str, Any]]:
    """All objects of the document, the inner ones first."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name not in _DATA or (isinstance(value, dict) and "description" in value and name != "example"):
                yield from _parts(value)
        yield tree
    elif isinstance(tree, list):
        for value in tree:
            yield from _parts(value)


def _one_type_of_items(schema: dict[str, Any]) -> None:
    """A tuple of equal types is a list of so many of them."""
    first, *others = schema.get("prefixItems") or [None]
    if first is not None and all(other == first for other in others):
        del schema["prefixItems"]
        schema["items"] = first


def _named_where_told_apart(schema: dict[str, Any]) -> None:
    """What is told apart from others by its `type` always has one."""
    kind = schema.get("properties", {}).get("type")
    if isinstance(kind, dict) and "const" in kind:
        schema["required"] = ["type", *(name for name in schema.get("required", []) if name != "type")]


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """Of a parameter: it may be left out, but there is no null in an address or a header."""
    several = schema.get("anyOf", [])
    rest = [one for one in several if one != _NULL]
    if len(rest) == len(several) or len(rest) != 1:
        return schema
    return {**rest[0], **{name: value for name, value in schema.items() if name != "anyOf"}}
