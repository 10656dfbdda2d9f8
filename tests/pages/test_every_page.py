"""Every page, in both colour schemes and at three widths: no error, no foreign request, nothing that axe finds."""

from __future__ import annotations

from tests.support.browser import Visit
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


def test_pages(visit: Visit, stack: Stack) -> None:
    before = stack.see("/v1/visualizations?limit=1")["visualizations"][0]["key"]
    wrong: list[str] = []
    for path, heading in PAGES.items():
        page = visit.open(path)
        page.wait_for_load_state("networkidle")
        refused = page.locator("main [role=alert]").count() > 0
        if heading:
            assert heading in (page.locator("main h1").first.inner_text()), path
            assert page.title().endswith("Featurelens")
        wrong += [f"{path}: {one}" for one in visit.looked_over()]
        # What is not there is a 404, and Chromium writes that down.
        wrong += [f"{path}: {one}" for one in visit.errors if not (refused and " 404 " in one)]
        visit.errors.clear()
    assert wrong == []
    assert stack.see("/v1/visualizations?limit=1")["visualizations"][0]["key"] == before, "looking asks for nothing"
