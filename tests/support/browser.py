"""Chromium as Debian has it, driven by playwright; what a page must not do is collected while it is used."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, Response, expect, sync_playwright

REQUIRED = "FEATURELENS_BROWSER"
"""Set to `required`, a missing Chromium is a failure and no reason to skip."""

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
LOOKS: list[tuple[Literal["dark", "light"], int, tuple[str, ...]]] = [
    ("dark", 390, ()),
    ("light", 2560, ("color-contrast",)),
    ("light", 1280, ("scrollable-region-focusable",)),
]
"""A colour scheme, a width, and which of axe's rules may find something that the look before has not."""

PATIENCE = 60_000
"""Milliseconds; other work may run on the machine."""


def program() -> str:
    """Where Chromium is. Skips where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "Chromium is not installed (apt-get install chromium)"
        assert os.environ.get(REQUIRED) != "required", reason
        pytest.skip(reason)
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    """While it is open, an event loop runs in this thread: nothing else that needs one may be tested."""
    path = program()
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One page of the browser, and what went wrong on it."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)
    """Console errors, exceptions, failed requests, requests to other hosts."""
    requests: list[Request] = field(default_factory=list)

    def listen(self) -> None:
        host = urlsplit(self.base).netloc

        def requested(request: Request) -> None:
            self.requests.append(request)
            if request.url.startswith("http") and urlsplit(request.url).netloc != host:
                self.errors.append(f"asked another host: {request.url}")

        def answered(response: Response) -> None:
            if response.status >= 500:
                self.errors.append(f"{response.status}: {response.url}")

        self.page.on("request", requested)
        self.page.on("response", answered)
        self.page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def open(self, path: str) -> Page:
        """Goes to `path` below the pages' address, and waits until its first data is there."""
        self.page.goto(f"{self.base}/ui/{path}")
        self.page.wait_for_selector("main h1, main [role=alert]", timeout=PATIENCE)
        expect(self.page.get_by_test_id("loading")).to_have_count(0)
        return self.page

    def violations(self, *rules: str) -> list[str]:
        """What axe finds by these of its rules (all), a line for each element."""
        options = {"runOnly": list(rules)} if rules else None
        found = Axe().run(self.page, options=options).response["violations"]
        return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]

    def looked_over(self) -> list[str]:
        """What is wrong with the page as it stands: what axe finds in the dark on a telephone, contrast in the light,
        and widths at which all of it scrolls sideways.
        """
        wrong = []
        for scheme, width, rules in LOOKS:
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size({"width": width, "height": 900})
            wrong += [f"{scheme}, {width}: {one}" for one in self.violations(*rules)]
            wrong += [f"{width}: the whole page scrolls sideways"] * self.overflows()
        return wrong

    def overflows(self) -> bool:
        """Whether the whole page scrolls sideways."""
        wide: bool = self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        return wide


@contextmanager
def visiting(
    browser: Browser, base: str, width: int = 1280, height: int = 900, scheme: str = "dark"
) -> Iterator[Visit]:
    """A fresh browser profile of this size and colour scheme."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    visit = Visit(context.new_page(), base)
    visit.listen()
    try:
        yield visit
    finally:
        context.close()
