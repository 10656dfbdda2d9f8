"""Every state that something on a page may be in, in both colour schemes and at three widths."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.browser import Visit
from tests.support.stack import Stack

STATES = ["queued", "running", "cancelling", "failed", "cancelled"]
A_PICTURE = re.compile(r"/v1/visualizations/fv1_\w+$")
REFUSED = {
    "type": "urn:featurelens:problem:not-authenticated",
    "title": "No API key",
    "detail": "this needs an API key",
}
WAITED_FOR = {
    "models/patternnet/layers/logits/units/2": "**/v1/**/units/2",
    "models/patternnet/layers/logits": "**/v1/**/layers/logits",
    "jobs": "**/v1/visualizations?*",
    "make": "**/openapi.json",
}
"""Pages, and the answer that each waits for."""


@pytest.fixture(scope="module")
def made(stack: Stack) -> dict[str, Any]:
    """A finished picture."""
    found = stack.see("/v1/visualizations?model=patternnet&layer=logits&status=succeeded&limit=1")
    return stack.see(found["visualizations"][0]["links"]["self"])


def in_state(made: dict[str, Any], status: str) -> dict[str, Any]:
    """The resource as it may have been before."""
    rest = {name: value for name, value in made.items() if name not in {"numbers", "images", "evidence"}}
    progress = {"stage": "rendering", "step": 40, "steps": 128, "score": 1.0, "seconds_left": 12.0}
    return rest | {
        "status": status,
        "position": 3 if status == "queued" else None,
        "progress": progress if status in {"running", "cancelling"} else None,
        "error": {"code": "out-of-memory", "detail": "It did not fit into memory."} if status == "failed" else None,
        "links": made["links"] | {"image": None, "preview": made["links"]["image"] if status == "running" else None},
    }


def answering(body: dict[str, Any]) -> Callable[[Route], None]:
    """Answers with this, whatever the service would say."""
    return lambda route: route.fulfill(json=body)


def quiet(page: Page) -> None:
    """No events: what is shown is what was answered."""
    page.route("**/v1/events*", lambda route: route.fulfill(body=": \n\n", content_type="text/event-stream"))


def test_a_picture_in_every_state(visit: Visit, made: dict[str, Any]) -> None:
    quiet(visit.page)
    wrong = []
    for status in STATES:
        job = in_state(made, status)
        visit.page.route(A_PICTURE, answering(job))
        visit.open(f"pictures/{made['key']}")
        wrong += [f"{status}: {one}" for one in visit.looked_over()]
    assert (wrong, visit.errors) == ([], [])


def test_a_unit_whose_picture_failed_before(visit: Visit, made: dict[str, Any]) -> None:
    def estimated(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | {"status": "failed"})

    visit.page.route("**/v1/visualizations/estimate", estimated)
    failed = in_state(made, "failed")
    visit.page.route(A_PICTURE, answering(failed))
    page = visit.open("models/patternnet/layers/logits/units/2")
    expect(page.locator(".positive-end")).to_contain_text("It did not fit into memory.")
    expect(page.locator(".positive-end").get_by_role("button", name="Retry")).to_be_visible()
    assert (visit.looked_over(), visit.errors) == ([], [])


def test_jobs_in_every_state(visit: Visit, made: dict[str, Any]) -> None:
    quiet(visit.page)
    rows = [in_state(made, status) | {"key": f"fv1_{place:064}"} for place, status in enumerate(STATES)] + [made]
    listed = {"visualizations": rows, "next": None, "complete": True}
    visit.page.route("**/v1/visualizations?*", answering(listed))
    page = visit.open("jobs")
    expect(page.get_by_test_id("job")).to_have_count(len(rows))
    assert (visit.looked_over(), visit.errors) == ([], [])


def test_while_something_is_waited_for(visit: Visit) -> None:
    wrong = []
    for path, held in WAITED_FOR.items():
        visit.page.route(held, lambda _: None)
        visit.page.goto(f"{visit.base}/ui/{path}")
        if path != "jobs":
            expect(visit.page.get_by_test_id("loading")).to_be_visible()
        wrong += [f"{path}: {one}" for one in visit.looked_over()]
    assert (wrong, visit.errors) == ([], [])


def test_without_the_network(visit: Visit) -> None:
    page = visit.open("jobs")
    page.context.set_offline(True)
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_test_id("offline")).to_be_visible()
    assert visit.looked_over() == []
    page.context.set_offline(False)
    expect(page.get_by_test_id("offline")).to_be_hidden()


def test_where_a_key_is_asked_for(visit: Visit) -> None:
    refused = {"status": 401, "body": json.dumps(REFUSED), "content_type": "application/problem+json"}
    visit.page.route("**/v1/**", lambda route: route.fulfill(**refused))
    page = visit.open("models/patternnet/layers/logits/units/2")
    expect(page.get_by_test_id("key-dialog")).to_be_visible()
    wrong = visit.looked_over()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Give an API key")).to_be_visible()
    assert wrong + visit.looked_over() == []
