"""Every page, in both colour schemes and at three widths: no error, no foreign request, nothing that axe finds."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.support.browser import visiting
from tests.support.stack import Stack

PAGES = {
    "": "What makes this unit",
    "models": "Networks",
    "models/patternnet": "patternnet",
    "models/patternnet/classes": "Classes of patternnet",
    "models/patternnet/layers/logits": "logits",
    "models/patternnet/layers/logits/units/2": "logits:2",
    "models/patternnet/layers/logits/units/2?embed=1": "patternnet logits:2",
    "photo": "photo",
    "make": "Make a picture",
    "jobs": "Jobs",
    "compare": "Compare",
    "list": "List",
    "list#patternnet/logits:2,patternnet/logits:3": "List",
    "help": "",
    "nowhere/at/all": "There is no such page",
    "models/nobody": "",
    "models/patternnet/layers/conv99": "",
    "models/patternnet/layers/logits/units/99": "",
}
SIZES: list[tuple[int, Literal["dark", "light"]]] = [(1280, "dark"), (390, "light"), (390, "dark"), (2560, "light")]
HEIGHT = 900


@pytest.mark.parametrize("path", PAGES)
def test_pages(browser: Browser, stack: Stack, path: str) -> None:
    """Opened on a phone and on a wide screen, and made narrower, wider, lighter and darker while it is open."""
    before = _newest(stack)
    wrong: list[str] = []
    for sizes in (SIZES[:2], SIZES[2:]):
        width, scheme = sizes[0]
        with visiting(browser, f"http://127.0.0.1:{stack.port}", width, HEIGHT, scheme) as visit:
            page = visit.open(path)
            page.wait_for_load_state("networkidle")
            refused = page.locator("main [role=alert]").count() > 0
            if heading := PAGES[path]:
                assert heading in (page.locator("main h1").first.inner_text())
                assert page.title().endswith("Featurelens")
            for width, scheme in sizes:
                page.set_viewport_size({"width": width, "height": HEIGHT})
                page.emulate_media(color_scheme=scheme)
                wrong += [f"{width} {scheme}: {one}" for one in visit.violations()]
                wrong += [f"{width} {scheme}: the whole page scrolls sideways"] * visit.overflows()
            # What is not there is a 404, and Chromium writes that down.
            wrong += [one for one in visit.errors if not (refused and " 404 " in one)]
    assert wrong == []
    assert _newest(stack) == before, "looking asks for nothing"


def _newest(stack: Stack) -> str:
    return str(stack.see("/v1/visualizations?limit=1")["visualizations"][0]["key"])
