"""What many ask for at once is made once, and nobody else waits for it."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from PIL import Image

from featurelens.jobs.store.file_store import FileStore
from featurelens.service.single_flight import SingleFlight
from featurelens.service.thumbnails import Thumbnails
from tests.support.photographs import encoded
from tests.support.visualizations import KEY, URL, put
from tests.support.wait import until


class Maker:
    """Counts what it makes, and how many of them at once."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.at_once = 0
        self._now = 0
        self._lock = threading.Lock()

    def make(self, name: str) -> str:
        with self._lock:
            self._now += 1
            self.at_once = max(self.at_once, self._now)
        time.sleep(0.05)
        with self._lock:
            self._now -= 1
            self.made.append(name)
        if name == "never":
            raise ValueError(name)
        return name.upper()


def test_one_making_for_all() -> None:
    maker = Maker()

    async def ask() -> list[str]:
        flight = SingleFlight[str](2)
        names = [f"{number % 5}x" for number in range(45)]
        found = await asyncio.gather(*(flight.get(name, lambda name=name: maker.make(name)) for name in names))  # type: ignore[misc]
        assert await flight.get("0x", lambda: "made anew") == "made anew", "it keeps nothing"
        return found

    assert asyncio.run(ask()) == [f"{number % 5}X" for number in range(45)]
    assert sorted(maker.made) == [f"{number}x" for number in range(5)]
    assert maker.at_once == 2


def test_who_has_gone_takes_nothing_along() -> None:
    maker = Maker()

    async def ask() -> str:
        flight = SingleFlight[str](2)
        first = asyncio.create_task(flight.get("a", lambda: maker.make("a")))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(flight.get("a", lambda: maker.make("a")))
        await asyncio.sleep(0.01)
        first.cancel()
        return await second

    assert asyncio.run(ask()) == "A"
    assert maker.made == ["a"]


def test_all_are_told_of_a_failure() -> None:
    maker = Maker()

    async def ask() -> list[str | BaseException]:
        flight = SingleFlight[str](2)
        asked = (flight.get("never", lambda: maker.make("never")) for _ in range(3))
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [str(error) for error in asyncio.run(ask())] == ["never"] * 3
    assert maker.made == ["never"]


@pytest.mark.parametrize("widths", [[64], [128, 192, 256]], ids=["one", "several"])
def test_others_are_answered_meanwhile(
    client: httpx.Client, store: FileStore, monkeypatch: pytest.MonkeyPatch, widths: list[int]
) -> None:
    """Sixty wait for thumbnails, more than the threads that all share: once for the same one, or for several."""
    put(store, [encoded(Image.new("RGB", (300, 150), "teal"))])
    going_on, made = threading.Event(), []
    really = Thumbnails.get

    def slowly(self: Thumbnails, *arguments: object) -> tuple[bytes, str]:
        made.append(arguments[2:])
        assert going_on.wait(20)
        return really(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Thumbnails, "get", slowly)
    with ThreadPoolExecutor(60) as pool:
        paths = [f"{URL}/{KEY}/image?width={widths[number % len(widths)]}" for number in range(60)]
        asked = [pool.submit(client.get, path) for path in paths]
        try:
            until(lambda: len(made) == min(2, len(widths)))
            time.sleep(0.5)
            for path in ("/livez", "/readyz", "/v1/models", f"{URL}/{KEY}", f"{URL}/{KEY}/image"):
                begun = time.monotonic()
                assert client.get(path).status_code == 200
                assert time.monotonic() - begun < 1, path
        finally:
            going_on.set()
        assert {one.result().status_code for one in asked} == {200}
    assert len(made) == len(widths)
