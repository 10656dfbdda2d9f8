"""What is to be said about a picture: the result store is asked first and last, the record in between."""

from __future__ import annotations

from collections.abc import Sequence

from featurelens.jobs.queue.job_queue import JobQueue, Ticket
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.store.result import Result
from featurelens.jobs.store.result_store import ResultStore
from featurelens.service.schemas.visualization import Visualization, finished, underway


def find(store: ResultStore, queue: JobQueue, key: str) -> Visualization | None:
    """None: it was never asked for, or has been forgotten. A picture in the store is told even without a broker."""
    found = store.get(key)
    return finished(found) if found is not None else find_all(store, queue, [key])[0]


def find_all(store: ResultStore, queue: JobQueue, keys: Sequence[str]) -> list[Visualization | None]:
    """The same for many, with one round trip to the broker."""
    tickets = dict(zip(keys, queue.find_all(keys), strict=True))
    landed = [key for key, ticket in tickets.items() if ticket is None or not ticket.record.in_flight]
    results = store.get_all(landed)
    return [_seen(key, tickets[key], results.get(key)) for key in keys]


def find_watched(
    store: ResultStore, queue: JobQueue, previews: Previews, keys: Sequence[str], viewed: Sequence[str]
) -> list[Visualization | None]:
    """As `look`, and says that somebody would like to see how those in `viewed` come along."""
    if viewed:
        previews.watch(viewed)
    return find_all(store, queue, keys)


def _seen(key: str, ticket: Ticket | None, found: Result | None) -> Visualization | None:
    if found is not None:
        return finished(found)
    return None if ticket is None or ticket.record.status == "succeeded" else underway(key, ticket)
