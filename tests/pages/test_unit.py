"""A unit's page: what is missing is made by a button, is watched, and can be stopped."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.support.browser import Visit

UNIT = "models/patternnet/layers/logits/units"


def test_from_nothing_to_a_picture(visit: Visit) -> None:
    page = visit.open(f"{UNIT}/12?steps=400")
    place = page.locator(".positive-end [data-testid=optimized]")
    expect(place).to_have_attribute("data-status", "none")
    place.get_by_role("button", name="Render").click()
    expect(place.get_by_role("progressbar")).to_be_visible()
    expect(place).to_have_attribute("data-status", "succeeded")
    picture = place.get_by_role("img")
    expect(picture).to_have_attribute("alt", re.compile(r"what raises logits:12 .*, activation [\d.]+"))
    assert visit.errors == []


def test_cancelling_and_asking_again(visit: Visit) -> None:
    page = visit.open(f"{UNIT}/13?steps=4000")
    place = page.locator(".positive-end [data-testid=optimized]")
    place.get_by_role("button", name="Render").click()
    place.get_by_role("button", name="Cancel").click()
    expect(place).to_have_attribute("data-status", "cancelled")
    expect(place.get_by_role("button", name="Render")).to_be_visible()


def test_the_spectrum_has_crops_of_images(visit: Visit) -> None:
    page = visit.open(f"{UNIT}/2")
    expect(page.locator(".spectrum-column")).to_have_count(6)
    expect(page.locator(".crops").nth(3).locator("img").first).to_be_visible()
    assert page.locator(".crops img").count() >= 20
    expect(page.get_by_role("img", name="Histogram").first).to_be_visible()


def test_weights_are_read_when_asked_for(visit: Visit) -> None:
    page = visit.open("models/patternnet/layers/conv1/units/3")
    page.get_by_role("button", name="Read the weights").click()
    expect(page.get_by_test_id("weights")).to_be_visible()
    expect(page.locator(".kernels img")).to_have_count(3)


def test_keys(visit: Visit) -> None:
    page = visit.open(f"{UNIT}/2")
    beside = page.get_by_role("navigation", name="Units beside this one")
    beside.wait_for()
    for key, channel in [("j", 3), ("k", 2), ("k", 1)]:
        page.keyboard.press(key)
        page.wait_for_url(f"**/units/{channel}")
        expect(page.locator("main h1")).to_contain_text(f":{channel}")
        beside.wait_for()  # who looks at a unit that is not there yet has no neighbours to go to
    page.keyboard.press("g")
    page.wait_for_url("**/layers/logits")
    page.wait_for_selector("main h1")
    page.keyboard.press("/")
    page.keyboard.type("patternnet/conv5:9")
    page.get_by_role("option", name="patternnet/conv5:9").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/layers/conv5/units/9")
    expect(beside).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next unit")
    page.keyboard.press("Escape")
    assert visit.errors == []
