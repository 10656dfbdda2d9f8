"""Behind a proxy that serves the pages below a prefix, all is found where it says."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.support.browser import visiting
from tests.support.nginx import FORWARD, NEEDED, nginx
from tests.support.stack import Stack

PATHS = ["", "models", "models/patternnet/layers/logits", "models/patternnet/layers/logits/units/2", "jobs", "make"]


@NEEDED
def test_pages_below_a_prefix(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    prefix = f"{FORWARD} proxy_set_header X-Forwarded-Prefix /vision;"
    location = f"location /vision/ {{ proxy_pass http://127.0.0.1:{stack.port}/; {prefix} }}"
    with nginx(tmp_path, location) as address, visiting(browser, f"{address}/vision") as visit:
        for path in PATHS:
            page = visit.open(path)
            page.wait_for_load_state("networkidle")
            for image in page.locator("main img").all()[:10]:
                image.scroll_into_view_if_needed()
            page.wait_for_load_state("networkidle")
            sizes = page.locator("main img").evaluate_all("all => all.slice(0, 10).map(one => one.naturalWidth)")
            assert all(sizes), path
        page.get_by_role("link", name="Networks").first.click()
        expect(page).to_have_url(f"{address}/vision/ui/models")
        outside = [one.url for one in visit.requests if not one.url.startswith(f"{address}/vision/")]
        assert (visit.errors, [one for one in outside if one.startswith("http")]) == ([], [])
