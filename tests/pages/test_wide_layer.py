"""A layer of 4,096 units: on one page, sorted as a whole, by keys, without long tasks."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Visit, visiting
from tests.support.own_networks import UNITS
from tests.support.stack import Stack
from tests.support.wait import until

LAYER = "models/wide/layers/3"
MOST_IMAGES = 150
LONGEST = 100.0
"""Milliseconds of one task of the page's main thread."""


@pytest.fixture(scope="module")
def pictures(stack: Stack) -> None:
    """Of some units of the layer."""
    few = {"model": "wide", "layer": "3", "channels": "0-11", "steps": 1, "size": 16}
    sweep = stack.http.post("/v1/sweeps", json=few).json()["links"]["self"]
    until(lambda: stack.see(sweep)["status"] == "finished", 120, "pictures of a wide layer")


@pytest.fixture
def visit(browser: Browser, stack: Stack, pictures: None) -> Iterator[Visit]:
    """At the layer."""
    with visiting(browser, f"http://127.0.0.1:{stack.port}") as visit:
        visit.open(LAYER)
        expect(visit.page.get_by_test_id("render-missing").last).to_contain_text(str(UNITS - 12))
        yield visit


def test_scrolling_has_no_long_task(browser: Browser, visit: Visit) -> None:
    page = visit.page
    browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
    page.mouse.move(600, 500)
    for _ in range(25):
        page.mouse.wheel(0, 1500)
        page.wait_for_timeout(16)
    page.keyboard.press("End")
    expect(page.locator(f"[aria-posinset='{UNITS}']")).to_be_visible()
    tasks = main_thread_tasks(json.loads(browser.stop_tracing())["traceEvents"])
    assert len(tasks) > 20
    assert max(tasks) < LONGEST
    assert len([one for one in visit.requests if one.resource_type == "image"]) < MOST_IMAGES


def main_thread_tasks(events: list[dict[str, object]]) -> list[float]:
    """Milliseconds that each task of a page computed: what other processes took from it meanwhile does not count."""
    named = [one for one in events if one["name"] == "thread_name"]
    main = {(one["pid"], one["tid"]) for one in named if one["args"] == {"name": "CrRendererMain"}}
    tasks = [one for one in events if one["name"] == "ThreadControllerImpl::RunTask" and "tdur" in one]
    return [float(str(one["tdur"])) / 1000 for one in tasks if (one["pid"], one["tid"]) in main]


def test_by_keys(visit: Visit) -> None:
    page = visit.page
    page.locator("[data-testid=grid] a").first.focus()
    for key, channel in [("ArrowRight", 1), ("End", UNITS - 1), ("ArrowLeft", UNITS - 2), ("Home", 0)]:
        page.keyboard.press(key)
        expect(page.locator(f"[aria-posinset='{channel + 1}'] a")).to_be_focused()
    assert visit.errors == []


def test_what_is_in_view_comes_first(visit: Visit) -> None:
    page = visit.page
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    view = page.get_by_test_id("render-missing").first
    expect(view).to_contain_text("in view")
    assert 0 < int(view.inner_text().split("(")[1].rstrip(")")) < MOST_IMAGES


def test_a_scan_is_cancelled_where_it_was_asked_for(visit: Visit, stack: Stack) -> None:
    page = visit.page
    page.get_by_label("Sorted by").select_option("purity")
    unread = page.get_by_test_id("unread")
    # Stopped meanwhile, the renderer cannot be quicker than the cancel.
    (renderer,) = stack.children("worker.renderer")
    os.kill(renderer.pid, signal.SIGSTOP)
    try:
        unread.get_by_role("button", name="Read patterns").click()
        unread.get_by_role("button", name="Cancel").click()
        expect(unread).to_have_attribute("data-status", re.compile("cancel"))
    finally:
        os.kill(renderer.pid, signal.SIGCONT)
    expect(unread).to_have_attribute("data-status", "cancelled")
    expect(unread.get_by_role("button", name="Read patterns")).to_be_visible()
    assert visit.errors == []


def test_sorted_as_a_whole_by_what_a_scan_found(visit: Visit) -> None:
    """A scan of 4,096 units takes long, so that one is made up: they come in the opposite order."""
    page = visit.page
    found = {"layer": "3", "units": [{"channel": UNITS - 1 - place} for place in range(UNITS)], "total": UNITS}
    page.route("**/units/0/spectrum", lambda route: route.fulfill(json={"maximum": [], "scan": {"key": "fs1_0"}}))
    page.route(f"**/v1/scans/fs1_0/units?*limit={UNITS}*", lambda route: route.fulfill(json=found))
    visit.open(f"{LAYER}?sort=strongest")
    order(page, [UNITS - 1, UNITS - 2, UNITS - 3])
    page.locator("[data-testid=grid] a").first.focus()
    page.keyboard.press("End")
    expect(page.locator(f"[aria-posinset='{UNITS}'] .tile-label span").first).to_have_text("0")
    assert visit.errors == []


def order(page: Page, channels: list[int]) -> None:
    """Waits until the first tiles are these."""
    tiles = page.locator("[data-testid=grid] li .tile-label span:first-child")
    for place, channel in enumerate(channels):
        expect(tiles.nth(place)).to_have_text(str(channel))
