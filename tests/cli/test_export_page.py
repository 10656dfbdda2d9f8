"""The page of an exported layer holds what it is given, whatever that is called."""

from __future__ import annotations

import json
import re
from typing import Any

from featurelens.cli.export_page import CURVE, page

NASTY = '</script><!--<script>alert("1")</script> $title &'


def whole(label: str | None, signs: tuple[str, ...] = ("positive",)) -> dict[str, Any]:
    curve = [float(step) for step in range(300)]
    picture = {
        "key": "fv1_0",
        "params": {"steps": 300, "seed": 0},
        "numbers": {"activation": 1.5, "curve": curve, "warnings": [NASTY]},
    }
    pictures = {sign: {"file": f"pictures/7-{sign}.png", **picture} for sign in signs}
    unit = {"model": "m", "layer": "l", "channel": 7, "address": "m/l:7", "label": label, "pictures": pictures}
    return {
        "model": "m",
        "layer": {"name": NASTY, "channels": 8, "type": "Conv2d", "height": 4, "width": 6},
        "units": [unit],
    }


def data(text: str) -> Any:
    """What the script of the page reads."""
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert "<" not in found
    return json.loads(found)


def test_names_are_text_and_nothing_else() -> None:
    text = page(whole(NASTY))
    unit = data(text)["7"]
    assert (unit["label"], unit["pictures"]["positive"]["warnings"]) == (NASTY, [NASTY])
    assert (text.count("<script"), text.count("</script>"), text.count("<!--")) == (2, 2, 0)


def test_curves_are_thinned() -> None:
    curve = data(page(whole(None)))["7"]["pictures"]["positive"]["curve"]
    assert CURVE <= len(curve) < 2 * CURVE


def test_a_choice_is_there_where_there_is_one() -> None:
    assert "<label hidden>sign" in page(whole("a"))
    both = page(whole("a", ("positive", "negative")))
    assert "<label >sign" in both
    assert "<option>positive</option><option>negative</option>" in both
    assert both.count("<img") == 1


def test_it_asks_nothing_of_anybody() -> None:
    text = page(whole("a"))
    assert not re.search(r"(?:src|href)=\"(?!pictures/)", text)
    assert "http:" not in text
    assert "https:" not in text
