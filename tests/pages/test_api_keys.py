"""Where API keys are asked for: once, kept in this tab, and sent with everything, pictures included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.service.auth.api_keys import ApiKeys
from tests.support.browser import Visit, visiting
from tests.support.catalog import ENTRY
from tests.support.served import served

UNIT = f"models/{ENTRY.name}/layers/conv2/units/7?steps=4"


@pytest.fixture
def locked(redis: Redis, broker: str, catalog: Catalog, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address of a service that asks for keys, and one that may have pictures made."""
    state = tmp_path / "state"
    state.mkdir()
    key = ApiKeys(state / "keys.json").create("render")
    with served(redis, broker, state, auth="on") as server:
        yield server.url, key


def test_from_no_key_to_a_picture(browser: Browser, locked: tuple[str, str]) -> None:
    url, key = locked
    with visiting(browser, url) as visit:
        page = visit.page
        page.goto(f"{visit.base}/ui/{UNIT}")
        dialog = page.get_by_test_id("key-dialog")
        expect(dialog).to_be_visible()
        dialog.get_by_label("API key").fill(key)
        dialog.get_by_role("button", name="Use this key").click()
        place = page.locator(".positive-end [data-testid=optimized]")
        place.get_by_role("button", name="Render").click()
        expect(place).to_have_attribute("data-status", "succeeded")
        expect(place.get_by_role("img")).to_be_visible()
        assert place.get_by_role("img").evaluate("image => image.naturalWidth") > 0
        page.reload()
        expect(place).to_have_attribute("data-status", "succeeded")
        assert key not in page.url
        _not_known_elsewhere(visit)


def _not_known_elsewhere(visit: Visit) -> None:
    assert visit.page.evaluate("localStorage.length") == 0
    other = visit.page.context.new_page()
    other.goto(f"{visit.base}/ui/jobs")
    expect(other.get_by_test_id("key-dialog")).to_be_visible()


def test_a_wrong_key_is_asked_for_again(browser: Browser, locked: tuple[str, str]) -> None:
    url, _ = locked
    with visiting(browser, url) as visit:
        page = visit.page
        page.goto(f"{visit.base}/ui/jobs")
        dialog = page.get_by_test_id("key-dialog")
        dialog.get_by_label("API key").fill("fl_wrong")
        dialog.get_by_role("button", name="Use this key").click()
        expect(dialog).to_contain_text("not known")
