"""Lists sorted by what was found of jobs: those of which it is not known come last, the latest first."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from featurelens.jobs.errors import Fault, InvalidSpec
from featurelens.jobs.kinds.base import Kind
from featurelens.jobs.queue.index import Line, Page
from featurelens.jobs.queue.ranked_index import RankedIndex, RankedLine
from featurelens.jobs.store.result import Result
from featurelens.jobs.store.result_store import ResultStore

TOGETHER = 100
"""Results read from the store at once."""
PATIENCE = 2.0
"""Seconds after which no more results are read for one page; the rest is for the next ones."""

Order = Literal["descending", "ascending"]


class Sorting(NamedTuple):
    """What to sort by, which way, beside which data set (None: whichever was scanned last); named as parameters are."""

    sort: str
    order: Order
    dataset: str | None = None


class Measure(Protocol):
    """What there is to sort the jobs of a kind by."""

    fixed: frozenset[str]
    """Sorts that follow from the result alone."""

    def states(self, lines: Sequence[RankedLine]) -> list[str]:
        """What the others follow from, line by line, in a few characters: other ones whenever they may be others."""

    def numbers(self, results: Sequence[Result]) -> list[Any]:
        """All that each may be sorted by, as JSON."""

    def value(self, numbers: Any, sorting: Sorting) -> float | None:
        """Of these the one to sort by; None where it is not known."""

    def told(self, numbers: Mapping[str, Any], sorting: Sorting) -> dict[str, Any]:
        """What a page (`JobPage.of`) tells of its jobs beside what the jobs tell; `numbers` by key."""


class Sorted(NamedTuple):
    """A page of the index, and what `JobPage.of` is given beside its jobs. `whole`: all results were read."""

    page: Page
    told: dict[str, Any]
    whole: bool


class Place(NamedTuple):
    """Where a job stands in a sorted list: places are in the order of their fields."""

    unknown: bool
    value: float
    submitted: int
    """Lower the later."""
    key: str


class Ranking:
    """Of one kind. Numbers are read from results once, then kept in the index (`jobs.queue.ranked_index`)."""

    def __init__(self, kind: Kind[Any], index: RankedIndex, store: ResultStore, measure: Measure) -> None:
        self._kind, self._index, self._store, self._measure = kind, index, store, measure

    def look(self, sorting: Sorting, limit: int, cursor: str | None, **filters: Any) -> Sorted:
        """As `JobIndex.look`, sorted. It goes on behind the last job of the page before, whatever has come since.

        Raises `InvalidSpec` for a cursor of another list.
        """
        after = None if cursor is None else _decoded(cursor, sorting)
        lines, complete = self._index.all(self._kind, **filters)
        numbers, whole = self._numbers(lines, sorting.sort)
        values = {key: self._measure.value(told, sorting) for key, told in numbers.items() if told is not None}
        places = {_place(line, values.get(line.key), sorting.order): line for line in lines}
        rest = sorted(place for place in places if after is None or place > after)
        shown = [Line(line.key, line.status) for line in map(places.__getitem__, rest[:limit])]
        following = _encoded(rest[limit - 1], sorting) if len(rest) > limit else None
        known = {line.key: numbers[line.key] for line in shown if numbers.get(line.key) is not None}
        return Sorted(Page(shown, following, complete), self._measure.told(known, sorting), whole)

    def _numbers(self, lines: Sequence[RankedLine], sort: str) -> tuple[dict[str, Any], bool]:
        """Of each job that has succeeded, by key, and whether all were read."""
        known: dict[str, Any] = {}
        unread: dict[str, str] = {}
        finished = [line for line in lines if line.status == "succeeded"]
        for line, state in zip(finished, self._measure.states(finished), strict=True):
            before, told = json.loads(line.ranks) if line.ranks else (None, None)
            if before == state or (told is not None and sort in self._measure.fixed):
                known[line.key] = told
            else:
                unread[line.key] = state
        read = dict(self._read(unread))
        return known | read, len(read) == len(unread)

    def _read(self, states: dict[str, str]) -> Iterator[tuple[str, Any]]:
        """None of what is gone, or not understood."""
        wanted, begun = list(states), time.monotonic()
        for first in range(0, len(wanted), TOGETHER):
            if first and time.monotonic() - begun > PATIENCE:
                return
            keys = wanted[first : first + TOGETHER]
            results = [one for one in self._store.get_all(keys).values() if isinstance(one, Result)]
            numbers = dict.fromkeys(keys)
            numbers |= zip((one.key for one in results), self._measure.numbers(results), strict=True)
            self._index.keep({key: json.dumps([states[key], told]) for key, told in numbers.items()})
            yield from numbers.items()


def _place(line: RankedLine, value: float | None, order: Order) -> Place:
    signed = 0.0 if value is None else float(value) if order == "ascending" else -float(value)
    return Place(value is None, signed, -line.place, line.key)


def _encoded(place: Place, sorting: Sorting) -> str:
    return base64.urlsafe_b64encode(json.dumps([sorting, place], separators=(",", ":")).encode()).decode().rstrip("=")


def _decoded(cursor: str, sorting: Sorting) -> Place:
    try:
        told, place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        found = Place(*place)
        if told == list(sorting) and [type(one) for one in found] == [bool, float, int, str]:
            return found
    except (binascii.Error, ValueError, TypeError):
        pass
    raise InvalidSpec("no page begins at this cursor", (Fault("cursor", "take it from `next` of the page before"),))
