"""Looks at jobs again and again and remembers what was told: an end is told once, and never another one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import httpx

ENDS = frozenset({"succeeded", "failed", "cancelled", "forgotten"})


class Witness:
    """Of the jobs at some addresses; what cannot be seen, because there is no answer or a 503, is no statement."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.told: dict[str, list[str]] = {}
        self._why: dict[str, list[str]] = {}
        self.stopped: set[str] = set()
        """Jobs that were asked to stop: when a clock jumps by days they may be forgotten before anybody looks."""

    def accepted(self, urls: Iterable[str]) -> None:
        self.told |= {url: [] for url in urls}

    def look(self, urls: Iterable[str] | None = None) -> None:
        """Reads these jobs, or every one, once."""
        for url in list(self.told) if urls is None else urls:
            told = self.told[url]
            if (status := self._status(url)) is not None and told[-1:] != [status]:
                told.append(status)

    @property
    def open(self) -> list[str]:
        """Jobs that have not been told as ended."""
        return [url for url, told in self.told.items() if not ENDS & set(told)]

    @property
    def lost(self) -> dict[str, list[str]]:
        """Jobs that did not end well, with all that was told of them, and why one failed."""
        return {url: told + self._why.get(url, []) for url, told in self.told.items() if told[-1:] != ["succeeded"]}

    @property
    def lies(self) -> dict[str, list[str]]:
        """Jobs that were told as ended, and as something else afterwards."""
        return {url: told for url, told in self.told.items() if ENDS & set(told[:-1])}

    def wait(self, within: float) -> None:
        """Looks until every job has ended, and once more a little later; at most `within` seconds."""
        end = time.monotonic() + within
        while self.open and time.monotonic() < end:
            self.look()
            time.sleep(0.2)
        time.sleep(1)
        self.look()

    def _status(self, url: str) -> str | None:
        try:
            answer = self._client.get(url)
        except httpx.TransportError:
            return None
        if answer.status_code == 503:
            return None
        if answer.status_code == 404 and {"failed", "cancelled"} & set(self.told[url]):
            return None  # as it may be a day later
        if answer.status_code == 404 and url in self.stopped:
            return "forgotten"
        if answer.status_code != 200:
            return f"answer {answer.status_code}"
        job = answer.json()
        if job.get("error"):
            self._why[url] = [f"{job['error']['code']}: {job['error']['detail']}"]
        return str(job["status"])


def all_made(witness: Witness, within: float) -> None:
    """Asserts that every job ends well and that no other end was told before."""
    witness.wait(within)
    lost: Sequence[object] = [*witness.lost.items(), *witness.lies.items()]
    assert not lost, lost
