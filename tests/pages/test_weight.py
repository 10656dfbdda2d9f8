"""What the pages cost a browser: bytes, requests, movement."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.support.browser import visiting
from tests.support.stack import Stack

MOST_BYTES = 100_000
MOST_IMAGES = 150
_SHIFT = """() => new Promise(resolve => {
  let sum = 0;
  const add = list => list.getEntries().forEach(one => { sum += one.value; });
  new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve(sum), 500);
})"""
"""How far things have moved by themselves since the page was opened (cumulative layout shift)."""


def test_a_unit_page_is_light_on_a_cold_cache(browser: Browser, stack: Stack) -> None:
    with visiting(browser, f"http://127.0.0.1:{stack.port}") as visit:
        page = visit.open("models/patternnet/layers/logits/units/2")
        page.wait_for_load_state("networkidle")
        sizes = [
            (request.url, request.sizes()["responseBodySize"])
            for request in visit.requests
            if request.resource_type in {"document", "script", "stylesheet"}
        ]
    assert sum(size for _, size in sizes) <= MOST_BYTES, sorted(sizes, key=lambda one: -one[1])


def test_a_grid_asks_for_the_pictures_that_are_near(browser: Browser, stack: Stack) -> None:
    with visiting(browser, f"http://127.0.0.1:{stack.port}") as visit:
        page = visit.open("models/patternnet/layers/logits")
        page.wait_for_load_state("networkidle")
        assert len([one for one in visit.requests if one.resource_type == "image"]) < MOST_IMAGES
        assert page.evaluate(_SHIFT) == 0
        assert page.locator("[data-testid=grid] li").count() == 27
