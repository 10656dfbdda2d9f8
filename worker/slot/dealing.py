"""What a slot does for other renderers between two jobs: jobs of those that are gone are dealt out again, and one that
is idle takes some from the longest queue.

All slots do so, and none has to: what is moved is moved atomically, and leases are fenced.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from rq.worker_registration import clean_worker_registry

from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.logs import logger
from featurelens.jobs.queue import stats
from featurelens.jobs.queue.aside import aside, restore
from featurelens.jobs.queue.dealing import Dealings, Waiting
from featurelens.jobs.queue.liveness import BEATS, SHARED, renderer_alive, renderer_key
from featurelens.jobs.queue.queues import base, ids, queue_of, renderer_of
from featurelens.jobs.queue.renderers import alive, worker_of
from featurelens.jobs.queue.router import Router
from featurelens.jobs.queue.routing import tail_block
from featurelens.jobs.silence import Silence
from featurelens.worker.slot.giving_up import GivingUp
from featurelens.worker.slot.lease import Leases
from featurelens.worker.slot.recovery import LEASE, Recovery
from featurelens.worker.slot.slot_job import SlotJob

TOGETHER = 256
"""Jobs of one queue that are dealt out at a look."""

LONGEST_TAIL = 64
"""Jobs at the end of a queue that are looked at."""


class Dealing:
    """Of the slot `name` of `queue`, which looks every `pace` seconds."""

    def __init__(self, queue: Queue, name: str, pace: float) -> None:
        self._queue = queue
        self._redis: Redis = queue.connection
        self._name = name
        self._pace = pace
        self._renderer = renderer_of(queue.name)
        self._dealings = Dealings(self._redis)
        self._router = Router(self._redis)
        self._giving_up = GivingUp(self._redis, pace)
        self._silences: dict[str, Silence] = {}
        self._gone: dict[str, list[Recovery]] = {}
        """By the id of a renderer that is gone: they return what it had in the making to its queues."""
        self._passed: dict[str, int] = {}
        """By the name of a queue: jobs at its head that nobody can do at the moment, and that are looked past."""

    def deal_out(self) -> None:
        """Deals the jobs of renderers that are gone out to others."""
        if not self._renderer:
            return  # one without an id is alone
        gone = self._those_gone()
        if not gone:
            self._giving_up.forget()
        for id in gone:
            if id not in self._gone:
                self._gone[id] = list(self._recoveries(id))
            for recovery in self._gone[id]:
                recovery.hand_back_lost()
            for queue in QUEUES:
                self._deal_out(queue, id)
            if id and self._dealings.forget(id):
                self._gone.pop(id, None)
                for queue in QUEUES:
                    clean_worker_registry(Queue(queue_of(queue, id), connection=self._redis))
                logger().info("a renderer that is gone has no jobs any more", renderer=id)

    def take(self) -> int:
        """Has an idle renderer take jobs from the end of the longest queue that has some for it; returns how many."""
        if not self._renderer or not self._dealings.idle(self._renderer):
            return 0
        queue = base(self._queue.name)
        others = [queue_of(queue, id) for id in ids(self._redis) if id != self._renderer]
        with self._redis.pipeline(transaction=False) as pipe:
            for name in others:
                pipe.llen(self._key(name))
                pipe.llen(aside(name))
            found = pipe.execute()
        lengths, there = dict(zip(others, found[::2], strict=True)), dict(zip(others, found[1::2], strict=True))
        if taken := sum(self._take_aside(queue, name) for name, count in there.items() if count):
            return taken
        longest_first = sorted(filter(lengths.get, lengths), key=lengths.__getitem__, reverse=True)
        own = stats.renderer(self._redis, self._renderer) if longest_first else None
        if own is None:
            return 0
        return next((taken for name in longest_first if (taken := self._take_tail(queue, name, own.sweep_pictures))), 0)

    def leave(self) -> None:
        """Puts what waits here, where no renderer of another worker lives, into the bare queue.

        Whoever comes next takes it, be it a worker of a version that knows no other queue.
        """
        if self._renderer and not [id for id in alive(self._redis) if worker_of(id) != worker_of(self._renderer)]:
            own, bare = self._queue.name, base(self._queue.name)
            while attempts := [one.attempt for one in self._dealings.waiting(own, 0, TOGETHER - 1)]:
                self._dealings.move(own, bare, attempts)

    def pass_on(self, job: SlotJob) -> bool:
        """Moves a job that this slot has just taken, and whose renderer is gone, to one that lives; whether it has.

        Else all slots of a renderer that cannot start would hold a job each, and hand it to each other for ever.
        """
        taken = str(self._queue.intermediate_queue_key)
        return bool(self._renderer) and not renderer_alive(self._redis, self._renderer) and self._move(job, taken)

    def elsewhere(self, job: SlotJob) -> bool:
        """Moves a job that waits here, and was lost here, to another renderer; whether there is one.

        A device may be broken: a picture has more than one try elsewhere.
        """
        return bool(self._renderer) and self._move(job, self._key(self._queue.name))

    def _move(self, job: SlotJob, place: str) -> bool:
        """From this list to the queue of another renderer that can do it."""
        demand = None if job.task is None else self._dealings.demand(job.task[0])
        if demand is None:
            return False
        (target,) = self._router.places(base(self._queue.name), [demand], beside=self._renderer)
        if target is None:
            return False
        moved = self._dealings.move(self._queue.name, target, [job.id], places=lambda _: place) == 1
        if moved:
            logger().info("handed on", attempt=job.id, source=self._queue.name, target=target)
        return moved

    def _take_tail(self, queue: str, source: str, capacity: int) -> int:
        waiting = self._dealings.waiting(source, -LONGEST_TAIL, -1)
        block = self._fit(queue, waiting[len(waiting) - tail_block(_lanes(waiting), capacity) :])
        taken = self._dealings.take(source, self._queue.name, self._renderer, block) if block else 0
        if taken:
            logger().info("took waiting jobs", jobs=taken, source=source)
        return taken

    def _take_aside(self, queue: str, source: str) -> int:
        """Takes what slots of an older version do not understand, and would keep until they are replaced."""
        block = self._fit(queue, self._dealings.waiting(source, 0, TOGETHER - 1, places=aside))
        taken = self._dealings.take(source, self._queue.name, self._renderer, block, places=aside)
        if taken:
            logger().info("took jobs that were set aside", jobs=taken, source=source)
        return taken

    def _those_gone(self) -> list[str]:
        """The ids of renderers without signs of life for as long as a lease lasts, or that have said that they end.

        The empty one, whose queues nobody has, while there is no renderer without an id.
        """
        known = ids(self._redis)
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hmget(BEATS, known)
            pipe.mget([renderer_key(id) for id in known])
            beats, hearts = pipe.execute()
        self._silences = {id: self._silences.get(id) or Silence(self._pace) for id in known}
        gone = []
        for id, beat, heart in zip(known, beats, hearts, strict=True):
            silent = self._silences[id].seconds(heart if not id else beat)
            left = heart in {None, SHARED} if not id else heart is None and beat is None
            if id != self._renderer and (left or (heart is None and silent >= LEASE)):
                gone.append(id)
        self._gone = {id: recoveries for id, recoveries in self._gone.items() if id in gone}
        return gone

    def _recoveries(self, id: str) -> Iterator[Recovery]:
        for queue in QUEUES:
            theirs = Queue(queue_of(queue, id), connection=self._redis, serializer=JSONSerializer, job_class=SlotJob)
            yield Recovery(theirs, Leases(theirs), self._name, self._pace)

    def _deal_out(self, queue: str, id: str) -> None:
        source = queue_of(queue, id)
        restore(self._redis, Queue(source, connection=self._redis))
        first = self._passed.pop(source, 0)
        found = self._dealings.waiting(source, first, first + TOGETHER - 1)
        waiting = [one for one in found if one.demand is not None]
        dealt = 0
        places = self._router.places(queue, [one.demand for one in waiting if one.demand is not None], beside=id)
        for target, group in groupby(zip(waiting, places, strict=True), key=lambda pair: pair[1]):
            if target is not None:
                moved = self._dealings.move(source, target, [one.attempt for one, _ in group])
                dealt += moved
                logger().info("dealt out again", jobs=moved, source=source, target=target)
        left = [one for one, target in zip(waiting, places, strict=True) if target is None]
        ended = self._giving_up.end(queue, source, left)
        if len(found) == TOGETHER:
            self._passed[source] = first + TOGETHER - dealt - ended

    def _fit(self, queue: str, waiting: list[Waiting]) -> list[str]:
        """The attempts among them that this renderer can do."""
        able = self._router.able(queue, self._renderer, [one.demand for one in waiting])
        return [one.attempt for one, can in zip(waiting, able, strict=True) if can]

    def _key(self, name: str) -> str:
        return str(Queue(name, connection=self._redis).key)


def _lanes(waiting: list[Waiting]) -> list[str | None]:
    return [None if one.demand is None else one.demand.lane for one in waiting]
