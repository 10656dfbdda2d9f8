"""The queues of jobs to do: RQ with JSON, one RQ job per attempt, one attempt in flight per key.

A record and its RQ job are created in one transaction, which fails when another process has created them meanwhile. So
a hundred equal requests at once make one job, and a service killed in the middle leaves either both or neither.

Each renderer has two queues, each with its own slots: one for jobs submitted one by one, one for pictures of sweeps. So
a single job never waits behind a sweep; a picture of a sweep that is also submitted by itself moves to the first queue.
Which renderer a job goes to is chosen when it is submitted (`jobs.queue.router`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, cast
from uuid import uuid4

from redis import Redis, WatchError
from redis.client import Pipeline
from rq import Queue, Retry
from rq.command import send_stop_job_command
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.kinds import kind_of
from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.queue import index, queues
from featurelens.jobs.queue.aside import aside
from featurelens.jobs.queue.blocks import gather
from featurelens.jobs.queue.moves import READ
from featurelens.jobs.queue.record import JOINABLE, Record, opening, parse, record_key
from featurelens.jobs.queue.records import IN_FLIGHT_EXPIRY, Left, Records
from featurelens.jobs.queue.revival import alive, revive
from featurelens.jobs.queue.room import Reservation, Room
from featurelens.jobs.queue.router import Router
from featurelens.jobs.queue.ticket import Ticket, Wanted
from featurelens.jobs.spec.base import JobSpec

TASK = "featurelens.worker.slot.task.execute"
"""The only function a slot executes, by name: the service never imports it."""

TASKS = frozenset({TASK, "worker.task.render"})
"""Its former name included: jobs queued under it may still wait."""

EXECUTIONS = 3
"""Executions of an attempt before it counts as failed: a crash may have another cause twice, not three times."""

_RQ_ENDED_TTL = 600
"""Seconds RQ keeps its own data about a failed job; clients read the record."""

_TOGETHER = 128
"""Jobs submitted in one transaction: more would block the broker for others."""

_JOB_PREFIX = Job.redis_job_namespace_prefix
_QUEUE_PREFIX = Queue.redis_queue_namespace_prefix


class JobQueue:
    """Submits jobs, withdraws them, and finds them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(READ)
        self._records = Records(redis)
        self._queues: dict[str, Queue] = {}
        self.router = Router(redis)
        self.room = Room(redis)

    def of(self, name: str) -> Queue:
        """RQ's queue of this name."""
        if name not in self._queues:
            self._queues[name] = Queue(name, connection=self._redis, serializer=JSONSerializer)
        return self._queues[name]

    def names(self, *bases: str) -> list[str]:
        """The names of all queues in which jobs may be; with `bases`, of `QUEUES`, of these only."""
        return queues.names(self._redis, *([bases] if bases else []))

    def length(self, *bases: str) -> int:
        """How many jobs wait in them."""
        return self.waiting(self.names(*bases))

    def waiting(self, names: Iterable[str]) -> int:
        """How many jobs wait in the queues of these names."""
        with self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.llen(self.of(name).key)
            return sum(pipe.execute())

    def find(self, key: str) -> Ticket | None:
        """The latest attempt at `key`. One whose RQ job has vanished is queued again: it was accepted.

        Raises `OtherVersion`.
        """
        return _understood(self.find_all([key])[0])

    def find_all(self, keys: Sequence[str]) -> list[Ticket | OtherVersion | None]:
        """The same for many, in one round trip; one that is not understood spoils none of the others."""
        return self._read(keys)

    def join(self, key: str) -> Ticket | None:
        """Adds an asker to the attempt in flight; None when there is none."""
        ticket = _understood(self._read([key], QUEUE)[0])
        return ticket if ticket is not None and ticket.record.joinable else None

    def submit(self, key: str, spec: JobSpec, digest: str) -> Ticket:
        """Joins the attempt in flight, or starts one; `spec` must be resolved."""
        return self.submit_all([Wanted(key, spec, digest)])[0]

    def submit_all(
        self, wanted: Sequence[Wanted[Any]], queue: str = QUEUE, room: Reservation | None = None
    ) -> list[Ticket]:
        """The same for many, `_TOGETHER` in a transaction; keys must differ. They take the places of `room`."""
        tickets: dict[str, Ticket] = {}
        for start in range(0, len(wanted), _TOGETHER):
            missing = list(wanted[start : start + _TOGETHER])
            while missing:
                tickets |= self._join_or_start(missing, queue, room)
                missing = [one for one in missing if one.key not in tickets]
        return [tickets[one.key] for one in wanted]

    def leave(self, key: str, attempt: str | None = None) -> Left:
        """Removes one asker of the attempt in flight (only if it is still `attempt`, where that is given).

        Without askers a waiting job is removed from its queue, and the slot of a running one is sent a stop command.
        """
        while True:
            ticket = self.find(key)
            if ticket is None:
                return "gone"
            record = ticket.record
            left = self._records.leave(key, attempt or record.attempt)
            if left != "gone" or attempt is not None:
                break
        if left == "cancelled":
            self._take_out(record)
        elif left == "cancelling":
            self._stop(record)
        return left

    def __len__(self) -> int:
        """How many jobs wait, in all queues."""
        return self.length()

    def _take_out(self, record: Record) -> None:
        """From wherever it is, at once: it may be moving. A slot that has taken it finds the record cancelled."""
        with self._redis.pipeline(transaction=True) as pipe:
            for name in self.names():
                pipe.lrem(self.of(name).key, -1, record.attempt)
                pipe.lrem(aside(name), -1, record.attempt)
            found = sum(pipe.execute())
        if found:
            self._redis.delete(_JOB_PREFIX + record.attempt)

    def _stop(self, record: Record) -> None:
        """RQ's command acts at once; without it the slot would stop at its next report of progress."""
        try:
            send_stop_job_command(self._redis, record.attempt, JSONSerializer)
        except (NoSuchJobError, InvalidJobOperation):
            return

    def _join_or_start(self, wanted: Sequence[Wanted[Any]], queue: str, room: Reservation | None) -> dict[str, Ticket]:
        """Joins those in flight; if there are none, starts all, unless another process starts one meanwhile."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.watch(*(record_key(one.key) for one in wanted))  # type: ignore[no-untyped-call]
            tickets = map(_understood, self._read([one.key for one in wanted], queue))
            found = zip(wanted, tickets, strict=True)
            joined = {one.key: ticket for one, ticket in found if ticket is not None and ticket.record.joinable}
            try:
                return joined or self._start(pipe, wanted, queue, room)
            except WatchError:
                return {}

    def _start(
        self, pipe: Pipeline, wanted: Sequence[Wanted[Any]], queue: str, room: Reservation | None
    ) -> dict[str, Ticket]:
        """Raises WatchError when one of the records that `pipe` watches has changed."""
        demands = [one.demand for one in wanted]
        places = [place or queue for place in self.router.places(queue, demands)]
        opened = [
            (one, opening(one.key, one.spec, one.digest, uuid4().hex, place, demand))
            for one, demand, place in zip(wanted, demands, places, strict=True)
        ]
        put: dict[str, list[tuple[str, str]]] = {}
        pipe.multi()
        for (key, spec, *_), fields in opened:
            rq = self.of(str(fields["queue"]))
            pipe.delete(record_key(key))
            pipe.hset(record_key(key), mapping=cast("Any", fields))
            pipe.expire(record_key(key), IN_FLIGHT_EXPIRY)
            created = datetime.fromisoformat(str(fields["created"]))
            index.write(pipe, key, spec, created, "queued", IN_FLIGHT_EXPIRY)
            attempt = str(fields["attempt"])
            rq.enqueue_job(self._job(rq, key, attempt), pipeline=pipe)
            put.setdefault(rq.name, []).append((str(fields["lane"]), attempt))
        if room is not None:
            room.give_back(pipe, len(wanted))
        for place in put:
            queues.keep_known(pipe, place)
        for place, jobs in put.items():
            gather(pipe, place, jobs)
        found = pipe.execute()[-len(put) :]
        if room is not None:
            room.gave_back(len(wanted))
        attempts = [attempt for jobs in put.values() for _, attempt in jobs]
        position = {attempt: place + 1 for attempt, place in zip(attempts, chain.from_iterable(found), strict=True)}
        tickets = {}
        for one, fields in opened:
            record = parse(one.key, {name.encode(): str(value).encode() for name, value in fields.items()})
            assert record is not None
            tickets[one.key] = Ticket(record, position[record.attempt], fresh=True)
        return tickets

    def _job(self, rq: Queue, key: str, attempt: str) -> Job:
        return rq.create_job(
            TASK,
            args=(key, attempt),
            job_id=attempt,
            timeout=kind_of(key).seconds,
            result_ttl=0,
            failure_ttl=_RQ_ENDED_TTL,
            retry=Retry(max=EXECUTIONS - 1, enqueue_at_front=True),
            description=key,
        )

    def _read(self, keys: Sequence[str], joiner: str = "") -> list[Ticket | OtherVersion | None]:
        arguments = [_JOB_PREFIX, _QUEUE_PREFIX, " ".join(sorted(JOINABLE)), QUEUE, joiner, aside("")]
        if len(keys) == 1:  # by far the most frequent, and a pipeline of scripts is a round trip more
            return [self._ticket(keys[0], joiner, *self._script(keys=[record_key(keys[0])], args=arguments))]
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                self._script(keys=[record_key(key)], args=arguments, client=pipe)
            answers = pipe.execute()
        return [self._ticket(key, joiner, *answer) for key, answer in zip(keys, answers, strict=True)]

    def _ticket(
        self, key: str, joiner: str, flat: list[bytes], job: bytes | None, place: int | None, aside: int | None
    ) -> Ticket | OtherVersion | None:
        try:
            record = parse(key, dict(zip(flat[::2], flat[1::2], strict=True)))
        except OtherVersion as error:
            return error
        if record is None:
            return None
        if record.in_flight and not alive(job):
            (chosen,) = self.router.places(queues.base(record.queue or QUEUE), [record.demand(key)])
            rq = self.of(chosen or record.queue or QUEUE)
            revive(key, record, rq, self._records, self._job(rq, key, record.attempt))
            return self._read([key], joiner)[0]
        return Ticket(record, None if place is None else place + 1, aside=aside is not None)


def _understood(ticket: Ticket | OtherVersion | None) -> Ticket | None:
    if isinstance(ticket, OtherVersion):
        raise ticket
    return ticket
