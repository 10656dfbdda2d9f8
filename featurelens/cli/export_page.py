"""The page of an exported layer: one file of HTML, its pictures beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

CURVE = 64
"""Points of the curve of a picture on the page; all are in the JSON of its unit."""


def page(whole: Mapping[str, Any]) -> str:
    """`whole`: model, layer, and units in the order in which they are shown."""
    template = Template(files("featurelens.cli").joinpath("export_page.html").read_text(encoding="utf-8"))
    layer, units = whole["layer"], whole["units"]
    signs = list(dict.fromkeys(sign for unit in units for sign in unit["pictures"]))
    # Nothing in a script begins a tag or a comment where no "<" is written, and JSON can do without.
    data = json.dumps({unit["channel"]: _shown(unit) for unit in units}, ensure_ascii=False).replace("<", "\\u003c")
    size = f", maps of {layer['height']}x{layer['width']}" if layer.get("width") else ""
    return template.substitute(
        title=escape(f"{whole['model']}/{layer['name']}"),
        about=escape(f"{len(units)} of {layer['channels']} units, {layer['type']}{size}"),
        signs="".join(f"<option>{escape(sign)}</option>" for sign in signs),
        one="hidden" if len(signs) < 2 else "",
        figures="\n".join(_figure(unit, signs) for unit in units),
        data=data,
    )


def _figure(unit: Mapping[str, Any], signs: list[str]) -> str:
    sign = next(sign for sign in signs if sign in unit["pictures"])
    name = escape(unit["label"] or "")
    number, file = unit["channel"], escape(unit["pictures"][sign]["file"])
    caption = f"<b>{number}</b> {name}".strip()
    return (
        f'<a class="unit" id="unit-{number}" href="{file}" data-channel="{number}">'
        f'<img src="{file}" alt="unit {number} {name}" loading="lazy"><span>{caption}</span></a>'
    )


def _shown(unit: Mapping[str, Any]) -> dict[str, Any]:
    """What the page tells of a unit."""
    return {
        "address": unit["address"],
        "label": unit["label"],
        "pictures": {sign: _picture(picture) for sign, picture in unit["pictures"].items()},
    }


def _picture(picture: Mapping[str, Any]) -> dict[str, Any]:
    numbers, spec = picture["numbers"], picture["params"]
    curve = numbers.get("curve", [])
    return {
        "file": picture["file"],
        "activation": numbers.get("activation"),
        "curve": curve[:: max(len(curve) // CURVE, 1)],
        "steps": spec["steps"],
        "seed": spec["seed"],
        "seconds": numbers.get("seconds"),
        "device": numbers.get("device"),
        "warnings": numbers.get("warnings", []),
    }
