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


def test_units_that_answer_alike(visit: Visit) -> None:
    """With numbers and images, and a way to each of them; looking has asked for nothing."""
    page = visit.open(f"{UNIT}/2")
    alike = page.get_by_test_id("alike")
    expect(alike).to_have_attribute("data-status", "told")
    expect(alike).to_contain_text("512 of the 1080 images of patterns")
    tiles = alike.get_by_role("list", name="Units that answer alike").get_by_test_id("relative")
    said = page.request.get(f"{visit.base}/v1/models/patternnet/layers/logits/units/2/alike").json()
    expect(tiles).to_have_count(len(said["alike"]))
    first = said["alike"][0]
    expect(tiles.first).to_contain_text(f"{first['channel']} {first['label']}")
    expect(tiles.first).to_contain_text(f"{first['correlation']:.3f}")
    expect(tiles.first.get_by_role("img").last).to_be_visible()
    expect(alike.get_by_test_id("near-duplicate")).to_have_count(
        sum(one["correlation"] >= 0.95 for one in said["alike"])
    )
    tiles.first.click()
    page.wait_for_url(f"**/units/{first['channel']}?dataset=patterns")
    expect(page.locator("main h1")).to_contain_text(f":{first['channel']}")
    assert {request.method for request in visit.requests if not request.url.endswith("/estimate")} == {"GET"}
    assert visit.errors == []


def test_before_images_were_read_nothing_is_known_of_that(visit: Visit) -> None:
    page = visit.open("models/patternnet/layers/conv5/units/9")
    expect(page.get_by_test_id("alike")).to_have_attribute("data-status", "unread")
    expect(page.get_by_test_id("unread")).to_be_visible()
    assert visit.errors == []


def test_images_that_were_read_before_can_be_read_again(visit: Visit) -> None:
    """What a scan of an earlier edition tells: the numbers are the service's, the missing ones are taken out here."""
    path = "/v1/models/patternnet/layers/logits/units/2/alike"
    said = visit.page.request.get(f"{visit.base}{path}").json()
    again = {
        "key": said["scan"],
        "status": None,
        "url": said["links"]["scan"],
        "to": "/v1/scans",
        "request": {"model": "patternnet", "dataset": "patterns", "layers": ["logits"]},
    }
    answers = [{**said, "alike": None, "opposite": None, "sampled": None, "again": again}, said]
    visit.page.route(
        f"**{path}?*", lambda route: route.fulfill(json=answers.pop(0) if len(answers) > 1 else answers[0])
    )
    page = visit.open(f"{UNIT}/2")
    alike = page.get_by_test_id("alike")
    expect(alike).to_have_attribute("data-status", "before")
    alike.get_by_role("button", name="Read patterns").click()
    expect(alike).to_have_attribute("data-status", "told")
    assert visit.errors == []
