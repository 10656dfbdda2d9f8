"""The short way to name a unit, as people write it: ``googlenet/inception4a:97``, ``resnet50/fc:goldfish``."""

from __future__ import annotations

import re
from typing import Any

EXAMPLES = ["googlenet/inception4a:97", "resnet50/layer4.2:15", "resnet50/fc:goldfish"]

_NUMBER = re.compile(r"[0-9]{1,10}")
_LONGEST = 400


def parse(unit: str) -> dict[str, Any]:
    """The fields of a spec that ``model/layer:channel`` stands for.

    The model may be left out, and the channel, for what looks at a whole layer. What is no number after the colon is
    the label of a class. Raises ValueError for what is nothing of the kind.
    """
    model, slash, place = unit.partition("/")
    if not slash:
        model, place = "", unit
    layer, colon, channel = place.partition(":")
    if len(unit) > _LONGEST or not layer or bool(slash) != bool(model) or bool(colon) != bool(channel):
        raise ValueError("unit must be model/layer:channel, as in googlenet/inception4a:97")
    fields: dict[str, Any] = {"model": model} if model else {}
    fields["layer"] = layer
    if _NUMBER.fullmatch(channel):
        fields["channel"] = int(channel)
    elif channel:
        fields["objective"] = {"type": "class", "label": channel}
    return fields


def expand(given: Any) -> Any:
    """A spec as written, its `unit` taken apart. Raises ValueError where another field says otherwise."""
    if not isinstance(given, dict) or "unit" not in given:
        return given
    unit = given["unit"]
    if not isinstance(unit, str):
        raise ValueError("unit must be a string, model/layer:channel")
    fields = {name: value for name, value in given.items() if name != "unit"}
    for name, value in parse(unit).items():
        if fields.setdefault(name, value) != value:
            raise ValueError(f"unit says another {name} than the field {name}; give one of them")
    return fields


def add_unit_to_schema(schema: dict[str, Any]) -> None:
    """Adds `unit` to the JSON schema of a spec: `model` may be left out where it is given."""
    schema["properties"]["unit"] = {
        "type": "string",
        "maxLength": _LONGEST,
        "title": "Unit",
        "description": "short for model, layer and channel: model/layer:channel, or model/layer:label of a class",
        "examples": EXAMPLES,
        "writeOnly": True,
    }
    required = [name for name in schema.pop("required", []) if name != "model"]
    if required:
        schema["required"] = required
    schema["anyOf"] = [{"required": ["model"]}, {"required": ["unit"]}]
