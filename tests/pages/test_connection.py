"""The network or the service goes away under an open page, and comes back."""

from __future__ import annotations

import os
import signal

from playwright.sync_api import expect

from tests.support.browser import Visit
from tests.support.stack import Stack

UNIT = "models/patternnet/layers/logits/units"


def test_a_lost_connection_is_said_and_mended(visit: Visit) -> None:
    page = visit.open("jobs")
    page.context.set_offline(True)
    expect(page.get_by_test_id("offline")).to_be_visible()
    expect(page.get_by_test_id("job").first).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_test_id("offline")).to_be_hidden()


def test_a_service_that_dies_under_a_page(visit: Visit, stack: Stack) -> None:
    page = visit.open(f"{UNIT}/14?steps=120")
    place = page.locator(".positive-end [data-testid=optimized]")
    place.get_by_role("button", name="Render").click()
    expect(place.get_by_role("progressbar")).to_be_visible()
    (service,) = stack.children("service")
    os.kill(service.pid, signal.SIGKILL)
    expect(place).to_have_attribute("data-status", "succeeded")
    expect(page.get_by_test_id("offline")).to_be_hidden()


def test_two_tabs_see_the_same_job(visit: Visit) -> None:
    page = visit.open(f"{UNIT}/15?steps=200")
    other = page.context.new_page()
    page.locator(".positive-end").get_by_role("button", name="Render").click()
    expect(page.locator(".positive-end").get_by_role("progressbar")).to_be_visible()
    other.goto(page.url)
    for tab in (page, other):
        expect(tab.locator(".positive-end [data-testid=optimized]")).to_have_attribute("data-status", "succeeded")


def test_a_tab_has_one_stream(visit: Visit) -> None:
    page = visit.open(f"{UNIT}/16?steps=150")
    for end in (".positive-end", ".negative-end"):
        page.locator(end).get_by_role("button", name="Render").click()
    for end in (".positive-end", ".negative-end"):
        expect(page.locator(f"{end} [data-testid=optimized]")).to_have_attribute("data-status", "succeeded")
    streams = [one for one in visit.requests if "/v1/events" in one.url]
    assert streams, "it was watched by a stream"
    assert not [one for one in visit.requests if one.url.endswith("/events")]
