"""Asking for what is missing: from the form, from a grid, from the list of jobs."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.support.browser import Visit


def test_a_form_from_the_schema(visit: Visit) -> None:
    page = visit.open("make?unit=patternnet/logits:17")
    form = page.locator("form.make-columns")
    form.get_by_label("steps").fill("6")
    form.get_by_role("group", name="parameterization").get_by_label("kind").select_option("pixel")
    page.wait_for_url("**pixel**")
    spec = json.loads(parse_qs(urlsplit(page.url).query)["spec"][0])
    assert spec == {"unit": "patternnet/logits:17", "steps": 6, "parameterization": {"type": "pixel"}}
    expect(page.get_by_test_id("cost")).to_contain_text("MiB")
    form.get_by_label("steps").fill("0")
    expect(page.get_by_test_id("field-error")).to_contain_text("greater than or equal to 1")
    expect(form.get_by_role("button", name="Make it")).to_be_disabled()
    form.get_by_label("steps").fill("6")
    form.get_by_role("button", name="Make it").click()
    page.wait_for_url("**/pictures/fv1_*")
    expect(page.get_by_role("heading", name="Measured")).to_be_visible()
    expect(page.get_by_role("img", name="the objective")).to_be_visible()
    assert [one for one in visit.errors if "422" not in one] == []


def test_what_is_missing_on_a_grid(visit: Visit) -> None:
    page = visit.open("models/patternnet/layers/conv1?sign=negative")
    expect(page.locator("[data-testid=grid] img")).to_have_count(0)
    page.get_by_test_id("render-missing").click()
    expect(page.get_by_test_id("sweep")).to_be_visible()
    page.get_by_test_id("sweep").get_by_role("button", name="Cancel").click()
    expect(page.get_by_test_id("sweep")).to_contain_text("cancelled")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_test_id("render-missing")).to_be_visible()
    assert visit.errors == []


def test_a_job_can_be_cancelled_and_tried_again(visit: Visit) -> None:
    page = visit.open("models/patternnet/layers/logits/units/18?steps=4001")
    page.locator(".positive-end").get_by_role("button", name="Render").click()
    expect(page.locator(".positive-end").get_by_role("progressbar")).to_be_visible()
    visit.open("jobs")
    job = page.get_by_test_id("job").filter(has_text="logits:18").first
    job.get_by_role("button", name="Cancel").click()
    expect(job).to_have_attribute("data-status", "cancelled")
    job.get_by_role("button", name="Retry").click()
    expect(job.get_by_role("progressbar")).to_be_visible()
    job.get_by_role("button", name="Cancel").click()
    expect(job).to_have_attribute("data-status", "cancelled")


def test_a_list_lives_in_its_address(visit: Visit) -> None:
    page = visit.open("list")
    page.get_by_label("Units").fill("patternnet/logits:2 patternnet/logits:3")
    page.get_by_role("button", name="Add").click()
    address = page.url
    assert address.endswith("#patternnet%2Flogits%3A2,patternnet%2Flogits%3A3")
    visit.open("jobs")
    page.goto(address)
    expect(page.locator(".cards li")).to_have_count(2)


def test_a_grid_in_the_order_that_a_scan_found(visit: Visit) -> None:
    page = visit.open("models/patternnet/layers/logits")
    tiles = page.locator("[data-testid=grid] li .tile-label span:first-child")
    assert tiles.all_inner_texts()[:2] == ["0 stripes 0 coarse", "1 stripes 45 coarse"]
    page.get_by_label("Sorted by").select_option("strongest")
    page.wait_for_url("**sort=strongest")
    expect(tiles.first).not_to_have_text("0 stripes 0 coarse")
    assert visit.errors == []
