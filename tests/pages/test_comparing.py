"""Pictures side by side, and what is said of a unit that is none."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import Visit

UNIT = "models/patternnet/layers/logits/units/2?steps=8"


def test_two_seeds_and_the_negative(visit: Visit) -> None:
    page = visit.open(UNIT)
    page.get_by_role("link", name="Compare two seeds and the negative").click()
    sides = page.get_by_test_id("compared")
    expect(sides).to_have_count(3)
    page.get_by_test_id("render-compared").click()
    for place in range(3):
        expect(sides.nth(place).get_by_test_id("optimized")).to_have_attribute("data-status", "succeeded")
    table = page.get_by_test_id("differences")
    expect(table.get_by_role("row").filter(has_text="seed")).to_contain_text("1")
    assert table.get_by_role("row").count() == 4, "the head, the sign, the seed and the activation"
    page.get_by_role("combobox", name="right").select_option("picture 3")
    expect(page.locator(".over img").first).to_be_visible()
    page.get_by_role("button", name="Add another seed").click()
    expect(sides.nth(3).get_by_role("combobox")).to_have_value("patternnet/logits:2,steps=8,seed=2")
    assert (visit.looked_over(), visit.errors) == ([], [])
    page.get_by_role("button", name="Take out picture 4").click()
    expect(sides).to_have_count(3)
    page.get_by_test_id("pixels").click()
    picture = sides.first.get_by_role("img")
    assert picture.evaluate("image => image.clientWidth === image.naturalWidth && image.naturalWidth === 128")


def test_what_is_no_unit(visit: Visit) -> None:
    page = visit.open("compare?a=foo&b=conv4:3&c=patternnet/logits:2,sead=1&d=patternnet/logits:99")
    sides = page.get_by_test_id("compared")
    expect(sides.nth(0)).to_contain_text("“foo” is no unit")
    expect(sides.nth(0)).to_contain_text("network/layer:unit")
    expect(sides.nth(2)).to_contain_text("“sead” is nothing that can differ here")
    expect(sides.nth(3)).to_contain_text("between 0 and 26")
    sides.nth(1).get_by_role("button", name="patternnet/conv4:3").click()
    expect(sides.nth(1).get_by_test_id("optimized")).to_have_attribute("data-status", "none")
    assert visit.looked_over() == []


def test_search(visit: Visit) -> None:
    page = visit.open("models")
    field = page.get_by_role("combobox", name="Search")
    found, none = page.locator("#found"), page.get_by_test_id("nothing-found")
    field.fill("conv4:3")
    expect(found.get_by_role("option").first).to_contain_text("patternnet/conv4:3")
    field.fill("spiral")
    expect(found.get_by_role("option")).to_have_text(["patternnet/logits:12spiral"])
    field.fill("patternnet/conv5:9999")
    expect(none).to_contain_text("patternnet/conv5 has the units 0 to 127")
    field.fill("qqqq")
    expect(none).to_contain_text("Nothing is called so")
    field.fill("checks")
    page.keyboard.press("Enter")
    page.wait_for_url("**/layers/logits/units/*")
    assert visit.errors == []


def test_names_to_choose_from(visit: Visit) -> None:
    page = visit.open("make")
    form = page.locator("form.make-columns")
    assert form.get_by_label("model", exact=True).get_attribute("list") == "form-models"
    expect(page.locator("#form-layers option[value=conv6]")).to_have_count(1)
    form.get_by_label("model", exact=True).fill("paternnet")
    page.keyboard.press("Tab")
    expect(page.get_by_role("alert").get_by_role("link", name="patternnet", exact=True)).to_be_visible()
    page = visit.open("models/patternnet/layers/conv66")
    expect(page.get_by_role("alert").get_by_role("link", name="conv6", exact=True)).to_be_visible()
