"""The short way to name a unit, as people write it: ``googlenet/inception4a:97``, ``resnet50/fc:goldfish``.

Names may hold slashes and colons themselves. What a reference then means is decided where the names are known
(`jobs.catalog.resolution`); here it is only told what it may mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

EXAMPLES = ["googlenet/inception4a:97", "resnet50/layer4.2:15", "resnet50/fc:goldfish"]

MOST_SPLITS = 4
"""Slashes, and colons behind each, where a name may end besides the last: every meaning may have to be looked up."""

_NUMBER = re.compile(r"[0-9]{1,10}")
_LONGEST = 400


def meanings(unit: str) -> list[dict[str, Any]]:
    """The fields of a spec that ``model/layer:channel`` may stand for, the likeliest first.

    The model may be left out, and the channel, for what looks at a whole layer. What is no number after the colon is
    the label of a class. Names end at the first slash and colon, or else at the last ones that there are names for.
    Raises ValueError for what is nothing of the kind.
    """
    places = [] if len(unit) > _LONGEST else _splits(unit, "/") if "/" in unit else [("", unit)]
    found = [_fields(model, layer, channel) for model, place in places for layer, channel in _ends(place)]
    if not found:
        raise ValueError("unit must be model/layer:channel, as in googlenet/inception4a:97")
    return [found[0], *found[:0:-1]]


def expand(given: Any) -> list[Any]:
    """What a spec as written may mean, its `unit` taken apart. Raises ValueError where another field says otherwise."""
    if not isinstance(given, dict) or "unit" not in given:
        return [given]
    unit = given["unit"]
    if not isinstance(unit, str):
        raise ValueError("unit must be a string, model/layer:channel")
    fields = {name: value for name, value in given.items() if name != "unit"}
    found = meanings(unit)
    fitting = [{**fields, **said} for said in found if not any(_contradictions(fields, said))]
    if not fitting:
        name = next(_contradictions(fields, found[0]))
        raise ValueError(f"unit says another {name} than the field {name}; give one of them")
    return fitting


def _splits(text: str, sign: str) -> list[tuple[str, str]]:
    """What stands before and behind a `sign` that has something on either side, the shortest in front first."""
    places = [place for place in range(1, len(text) - 1) if text[place] == sign]
    chosen = places[:MOST_SPLITS] + places[MOST_SPLITS:][-1:]
    return [(text[:place], text[place + 1 :]) for place in chosen]


def _ends(place: str) -> list[tuple[str, str]]:
    """Layer and channel that ``layer:channel`` may stand for, the shortest layer first; no channel: all is a layer."""
    found = _splits(place, ":")
    tail = place.rpartition(":")[2]
    return found if not tail or (found and _NUMBER.fullmatch(tail)) else [*found, (place, "")]


def _fields(model: str, layer: str, channel: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"model": model, "layer": layer} if model else {"layer": layer}
    if _NUMBER.fullmatch(channel):
        fields["channel"] = int(channel)
    elif channel:
        fields["objective"] = {"type": "class", "label": channel}
    return fields


def _contradictions(fields: dict[str, Any], said: dict[str, Any]) -> Iterator[str]:
    """Names of fields that say something else."""
    return (name for name, value in said.items() if fields.get(name, value) != value)


def add_unit_to_schema(schema: dict[str, Any]) -> None:
    """Adds `unit` to the JSON schema of a spec: `model` may be left out where it is given."""
    schema["properties"]["unit"] = {
        "type": "string",
        "maxLength": _LONGEST,
        "title": "Unit",
        "description": "short for model, layer and channel: model/layer:channel, or model/layer:label of a class; "
        "either this or model is needed",
        "examples": EXAMPLES,
        "writeOnly": True,
    }
    required = [name for name in schema.pop("required", []) if name != "model"]
    if required:
        schema["required"] = required
    # That one of both is needed is said in words: as `anyOf` beside the properties, generators make other types of it.
