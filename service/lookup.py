"""Finds the resource of a job: in the result store first and last, in its record in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from featurelens.jobs.queue.job_queue import JobQueue, Ticket
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.store.result import Result
from featurelens.jobs.store.result_store import ResultStore
from featurelens.service.schemas.job import Job

J = TypeVar("J", bound=Job)


@dataclass(frozen=True)
class Lookup(Generic[J]):
    """Of one kind of job: `finished` makes the resource of a result, `underway` that of a job not in the store."""

    store: ResultStore
    queue: JobQueue
    finished: Callable[[Result], J]
    underway: Callable[[str, Ticket], J]

    def find(self, key: str) -> J | None:
        """None: never asked for, or forgotten. What is in the store is found even without a broker."""
        found = self.store.get(key)
        return self.finished(found) if found is not None else self.find_all([key])[0]

    def find_all(self, keys: Sequence[str]) -> list[J | None]:
        """The same for many, with one round trip to the broker."""
        tickets = dict(zip(keys, self.queue.find_all(keys), strict=True))
        landed = [key for key, ticket in tickets.items() if ticket is None or not ticket.record.in_flight]
        results = self.store.get_all(landed)
        return [self._resource(key, tickets[key], results.get(key)) for key in keys]

    def _resource(self, key: str, ticket: Ticket | None, found: Result | None) -> J | None:
        if found is not None:
            return self.finished(found)
        return None if ticket is None or ticket.record.status == "succeeded" else self.underway(key, ticket)


def find_watched(
    lookup: Lookup[J], previews: Previews, keys: Sequence[str], previewed: Sequence[str]
) -> list[J | None]:
    """As `Lookup.find_all`, and asks the slots for previews of the jobs in `previewed`."""
    if previewed:
        previews.watch(previewed)
    return lookup.find_all(keys)
