"""Finds the resource of a job: in the result store first and last, in its record in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.queue.index import Line
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.store.remembered import Remembered
from featurelens.jobs.store.result import Result
from featurelens.jobs.store.result_store import ResultStore
from featurelens.service.schemas.job import Job

J = TypeVar("J", bound=Job)

REMEMBERED = 1024
"""Resources of finished jobs that are kept."""


@dataclass(frozen=True)
class Lookup(Generic[J]):
    """Of one kind of job: `finished` makes the resource of a result, `underway` that of a job not in the store."""

    store: ResultStore
    queue: JobQueue
    finished: Callable[[Result], J]
    underway: Callable[[str, Ticket], J]
    _made: Remembered[tuple[Result, J]] = field(default_factory=partial(Remembered, REMEMBERED))

    def find(self, key: str) -> J | None:
        """None: never asked for, or forgotten. What is in the store is found even without a broker.

        Raises `OtherVersion`.
        """
        result = self.store.get(key)
        found = self._of(result) if result is not None else self.find_all([key])[0]
        if isinstance(found, OtherVersion):
            raise found
        return found

    def find_all(self, keys: Sequence[str]) -> list[J | OtherVersion | None]:
        """The same for many, with one round trip to the broker; one that is not understood spoils no other."""
        tickets = dict(zip(keys, self.queue.find_all(keys), strict=True))
        flying = {key for key, found in tickets.items() if isinstance(found, Ticket) and found.record.in_flight}
        results = self.store.get_all([key for key in keys if key not in flying])
        return [self._resource(key, results.get(key) or tickets[key]) for key in keys]

    def find_listed(self, lines: Sequence[Line]) -> list[J | OtherVersion | None]:
        """The same of lines of the index, which knows what has succeeded: the broker is asked about the others only."""
        there = self.store.get_all([line.key for line in lines if line.status == "succeeded"])
        rest = [line.key for line in lines if line.key not in there]
        others = dict(zip(rest, self.find_all(rest), strict=True)) if rest else {}
        return [self._resource(key, there[key]) if key in there else others[key] for key in (one.key for one in lines)]

    def _resource(self, key: str, found: Result | Ticket | OtherVersion | None) -> J | OtherVersion | None:
        try:
            if isinstance(found, Result):
                return self._of(found)
            if isinstance(found, Ticket):
                return None if found.record.status == "succeeded" else self.underway(key, found)
        except OtherVersion as error:
            return error
        return found

    def _of(self, result: Result) -> J:
        """As `finished`, made once for as long as the store has this very `result` in memory."""
        known = self._made.get(result.key, id(result))
        if known is None:
            known = result, self.finished(result)  # with `result`, so that no other comes to have its id
            self._made.keep(result.key, id(result), known, 1)
        return known[1]


def find_watched(
    lookup: Lookup[J], previews: Previews, keys: Sequence[str], previewed: Sequence[str]
) -> list[J | None]:
    """As `Lookup.find_all`, and asks the slots for previews of the jobs in `previewed`.

    What is not understood cannot be watched: whoever comes back to it is told so.
    """
    if previewed:
        previews.watch(previewed)
    return [None if isinstance(found, OtherVersion) else found for found in lookup.find_all(keys)]
