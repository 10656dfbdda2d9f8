"""The page about the API on a phone: types that lead somewhere, samples, and requests that it sends itself."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, unquote, urlsplit

from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import visiting
from tests.support.stack import Stack

SPEC = {"model": "patternnet", "layer": "logits", "channel": 2, "steps": 8, "size": 64}
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true })"
CLOSE_ALL = "document.querySelectorAll('details').forEach(one => { one.open = false })"

SAMPLES = """async () => {
  const api = await (await fetch('openapi.json')).json();
  const needed = it => (it.parameters ?? []).filter(one => one.in === 'query' && one.required).map(one => one.name);
  const all = Object.entries(api.paths).flatMap(([path, methods]) => Object.values(methods).map(it => [path, it]));
  return all.map(([path, it]) => [address('', path, it, {}), needed(it)]);
}"""
"""The address of every operation as its samples have it, and what no query may leave out."""


def opened(page: Page, operation: str) -> Locator:
    """The part about an operation, which the address names."""
    page.evaluate(f"location.hash = '#{operation}'")
    part = page.locator(f"#{operation}")
    expect(part.get_by_role("button", name="Send")).to_be_visible()
    return part


def test_on_a_phone(browser: Browser, stack: Stack) -> None:
    with visiting(browser, f"http://127.0.0.1:{stack.port}", width=390) as visit:
        page = visit.page
        page.goto(f"{visit.base}/docs")
        page.wait_for_selector("h2")
        page.evaluate(OPEN_ALL)
        expect(page.get_by_role("button", name="Send").last).to_be_visible()
        assert not visit.overflows()
        for path, names in page.evaluate(SAMPLES):
            url = urlsplit(path)
            assert "{" not in unquote(url.path)
            assert set(names) == parse_qs(url.query).keys(), path
        placed = page.locator("#activations-show_positions").get_by_label("x *")
        expect(placed).to_have_value("112")
        page.evaluate(CLOSE_ALL)

        asking = opened(page, "visualizations-ask")
        expect(asking.locator("em")).to_have_text(["input image"])
        samples = "\n".join(asking.locator("pre").all_inner_texts())
        body = {"model": "patternnet", "layer": "logits", "channel": 2}
        compact = json.dumps(body, separators=(",", ":"))
        address = f"{visit.base}/v1/visualizations"
        assert f"curl -X POST -H 'Content-Type: application/json' -d '{compact}' '{address}'" in samples
        assert f'answer = httpx.post("{address}", json={json.dumps(body)})' in samples
        assert visit.violations() == []

        asking.locator("[name=prefer]").fill("wait=20")
        asking.locator("textarea").fill(json.dumps(SPEC))
        asking.get_by_role("button", name="Send").click()
        expect(asking.locator("strong").last).to_have_text("200 OK")
        key = json.loads(asking.locator("pre").last.inner_text())["key"]
        picture = opened(page, "visualizations-image")
        picture.locator("[name=key]").fill(key)
        picture.get_by_role("button", name="Send").click()
        expect(picture.locator("img")).to_have_js_property("naturalWidth", 64)
        watching = opened(page, "visualizations-events")
        watching.locator("[name=key]").fill(key)
        watching.get_by_role("button", name="Send").click()
        expect(watching.locator("pre").last).to_contain_text("event: succeeded")

        asking.get_by_role("link", name="VisualizationSpec").first.click()
        expect(page.locator("#VisualizationSpec")).to_have_attribute("open", "")
        assert (visit.errors, visit.overflows()) == ([], False)
