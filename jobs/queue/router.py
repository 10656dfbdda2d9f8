"""Which renderer's queue a job waits in: routing (`jobs.queue.routing`) among the renderers that can do it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import NamedTuple, cast

from redis import Redis

from featurelens.jobs.errors import NoWorker, OtherVersion
from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.queue.queues import queue_of
from featurelens.jobs.queue.renderers import Look, Renderers
from featurelens.jobs.queue.routing import Candidate, dealt
from featurelens.jobs.version import VERSION

_LAST = "featurelens:lane:"
"""Before a lane: the renderer that got its latest job that was asked for alone."""
_LAST_KEPT = 600
"""Seconds."""


class Demand(NamedTuple):
    """What decides where a job goes."""

    lane: str
    kind: str
    """The name of the kind of job."""
    needs: tuple[str, ...] = ()
    """What a worker must hold (`Kind.needs`)."""
    memory: int = 0
    """Bytes of the device's memory, as estimated."""


class Router:
    """Chooses among all renderers that live, take jobs, hold what is needed, and have the memory."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._renderers = Renderers(redis)

    def missing(self, queue: str = QUEUE) -> str | None:
        """Which process is missing, in words; None when jobs can be done."""
        return _missing(self._renderers.look(queue), queue)

    def check(self, queue: str = QUEUE, kind: str | None = None, needs: tuple[str, ...] = ()) -> list[Look]:
        """The renderers that could do such jobs now, whatever memory they take.

        Raises `NoWorker` when nobody can, `OtherVersion` when all that could do not know the kind.
        """
        looks = self._renderers.look(queue, needs)
        reason = _missing(looks, queue)
        there = [look for look in looks if look.ready]
        if reason is None and not there:
            reason = unheld(needs)
        if reason is not None:
            raise NoWorker(f"{reason}; finished pictures are still served")
        able = [look for look in there if kind is None or look.about is None or kind in look.about.kinds]
        if kind is not None and not able:
            raise _too_old(there, kind)
        return able

    def holders(self, queue: str, needs: tuple[str, ...]) -> list[str]:
        """The ids of the renderers that live and whose worker holds `needs`, whether they take jobs now or not."""
        return [look.id for look in self._renderers.look(queue, needs) if look.alive and look.holds]

    def places(self, queue: str, demands: Sequence[Demand], beside: str | None = None) -> list[str | None]:
        """The name of the queue for each job, in order; None where no renderer could do it now.

        `queue` is one of `QUEUES`; the renderer `beside` gets nothing.
        """
        loads: Counter[str] = Counter()
        looks: dict[tuple[str, ...], list[Look]] = {}
        found: dict[Demand, Iterator[str | None]] = {}
        for demand, pictures in Counter(demands).items():
            if demand.needs not in looks:
                looks[demand.needs] = self._renderers.look(queue, demand.needs)
            able = [look for look in looks[demand.needs] if _can(look, demand) and look.id != beside]
            if not able:
                found[demand] = repeat(None)
                continue
            in_time = [look for look in able if not look.late]
            candidates = [_candidate(look, queue, loads) for look in in_time or able]
            blocks = self._blocks(queue, demand.lane, candidates, pictures)
            for renderer, count in blocks:
                loads[renderer] += count
            found[demand] = chain.from_iterable(repeat(queue_of(queue, renderer), count) for renderer, count in blocks)
        return [next(found[demand]) for demand in demands]

    def _blocks(self, queue: str, lane: str, candidates: Sequence[Candidate], pictures: int) -> list[tuple[str, int]]:
        """As `dealt`; what is asked for alone goes where the lane's job before it has gone, while that has room."""
        if queue != QUEUE:
            return dealt(lane, candidates, pictures)
        key = _LAST + lane
        last = cast("bytes | None", self._redis.getex(key, ex=_LAST_KEPT))
        blocks = dealt(lane, candidates, pictures, None if last is None else last.decode())
        if last is None or blocks[-1][0] != last.decode():
            self._redis.set(key, blocks[-1][0], ex=_LAST_KEPT)
        return blocks

    def able(self, queue: str, renderer: str, demands: Sequence[Demand | None]) -> list[bool]:
        """Which of the jobs this renderer could do now, unless it is late; None is a job that nobody knows."""
        looks: dict[tuple[str, ...], Look | None] = {}
        for demand in demands:
            if demand is not None and demand.needs not in looks:
                found = self._renderers.look(queue, demand.needs)
                looks[demand.needs] = next((look for look in found if look.id == renderer), None)
        return [
            demand is not None and (look := looks[demand.needs]) is not None and not look.late and _can(look, demand)
            for demand in demands
        ]


def unheld(needs: Sequence[str]) -> str:
    """That nobody holds them, in words."""
    return f"no worker that is running has {' and '.join(needs)}"


def _missing(looks: Sequence[Look], queue: str) -> str | None:
    if not any(look.alive for look in looks):
        return "the renderer is not running"
    if not any(look.alive and look.slots for look in looks):
        return "no slot takes jobs" if queue == QUEUE else "no slot takes sweeps"
    return None


def _too_old(looks: Sequence[Look], kind: str) -> OtherVersion:
    about = next(look.about for look in looks if look.about is not None)
    theirs = f"Featurelens {about.version}" if about.version else "an older Featurelens"
    return OtherVersion(
        f"the worker is {theirs} and knows {', '.join(about.kinds)}; {kind} comes with Featurelens "
        f"{VERSION}, which this service is"
    )


def _can(look: Look, demand: Demand) -> bool:
    about = look.about
    if about is None or not look.ready:
        return look.ready
    return demand.kind in about.kinds and (not about.memory or demand.memory <= about.memory)


def _candidate(look: Look, queue: str, loads: Counter[str]) -> Candidate:
    about = look.about
    capacity = 1 if about is None else about.single_pictures if queue == QUEUE else about.sweep_pictures
    return Candidate(look.id, look.backlog + loads[look.id], max(1, capacity))
