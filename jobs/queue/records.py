"""The state of one job: a record in Redis that changes by atomic, fenced moves.

    queued -> running -> storing -> succeeded
      |  ^------'  |        |
      |            |        '-> failed            (also from queued and running)
      '-> cancelled '-> cancelling -> cancelled

Every move names the attempt it belongs to, and once running also the execution (one attempt may be executed again
after a crash). A move whose attempt or execution has been replaced, or that starts from another status, does nothing.
``storing`` is the point of no return: a job that reached it can no longer be cancelled, one that was cancelled can no
longer reach it. So no job succeeds after it was cancelled.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict
from redis import Redis

from featurelens.jobs.errors import FeaturelensError, OtherVersion
from featurelens.jobs.kinds import kind_of
from featurelens.jobs.queue.fruitless import forget_oldest
from featurelens.jobs.queue.index import line_key
from featurelens.jobs.spec.base import JobSpec

Status = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]

IN_FLIGHT_EXPIRY = 7 * 24 * 3600
"""Seconds a record in flight is kept without a move. Long, because a full queue takes days."""

ENDED_EXPIRY = 24 * 3600
"""Seconds the record of an ended job is kept. The result store keeps what succeeded, for ever."""

JOINABLE = frozenset({"queued", "running", "storing"})
"""Another asker may join these; a job that is being cancelled gives way to a new attempt."""

IN_FLIGHT = JOINABLE | {"cancelling"}

VERSION = 1
"""Of what a record says. It rises when an older version would misread it; one that is merely new is ignored there."""


def record_key(key: str) -> str:
    """The Redis key of the record of job `key`; visualizations were the only kind when it got its name."""
    return f"featurelens:visualization:{key}"


_NO_PROGRESS = {"stage": "", "step": 0, "score": "", "seconds_left": "", "preview": ""}

_SET = (
    forget_oldest(record_key(""))
    + """
local function set(status, ended, ...)
  redis.call('HSET', KEYS[1], 'status', status, ...)
  if ended then redis.call('HINCRBY', 'featurelens:counts', status, 1) end
  redis.call('EXPIRE', KEYS[1], ended and ARGV[2] or ARGV[1])
  if status == 'failed' or status == 'cancelled' then forget_oldest() end
  if redis.call('EXISTS', KEYS[2]) == 0 then return end
  redis.call('HSET', KEYS[2], 'status', status == 'storing' and 'running' or status)
  redis.call('EXPIRE', KEYS[2], ended and ARGV[2] or ARGV[1])
  if status == 'succeeded' then redis.call('PERSIST', KEYS[2]) end
end
"""
)
"""Every change of status: of the record, of its line in the index, and of their expiry."""

_MOVE = (
    _SET
    + """
local now = redis.call('HMGET', KEYS[1], 'status', 'attempt', 'execution')
if not now[1] or now[2] ~= ARGV[3] or (ARGV[4] ~= '' and now[3] ~= ARGV[4]) then return false end
local to = string.match(ARGV[5], '%f[%a]' .. now[1] .. '>(%a+)')
if not to then return false end
set(to, to == 'failed' or to == 'cancelled' or to == 'succeeded', unpack(ARGV, 6))
return to
"""
)

_LEAVE = (
    _SET
    + """
local now = redis.call('HMGET', KEYS[1], 'status', 'attempt', 'askers')
if not now[1] or (ARGV[3] ~= '' and now[2] ~= ARGV[3]) then return 'gone' end
if now[1] == 'cancelling' then return 'cancelling' end
if now[1] ~= 'queued' and now[1] ~= 'running' then return 'over' end
if redis.call('HINCRBY', KEYS[1], 'askers', -1) > 0 then return 'left' end
redis.call('HSET', KEYS[1], 'askers', 0)
if now[1] == 'queued' then set('cancelled', true, 'finished', ARGV[4]) return 'cancelled' end
set('cancelling', false, 'stage', 'stopping')
return 'cancelling'
"""
)

Left = Literal["gone", "over", "left", "cancelled", "cancelling"]
"""What became of a job that one asker left: unknown, ended or being stored, wanted by others, or stopped."""


class Record(BaseModel):
    """One attempt at a job. Times are UTC; `score` is that of the objective at the latest step reported."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: Status | Literal["storing"]
    attempt: str
    spec: JobSpec
    digest: str
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    stage: str | None = None
    step: int = 0
    steps: int
    score: float | None = None
    error_code: str | None = None
    error_detail: str | None = None
    askers: int = 1
    queue: str | None = None
    seconds_left: float | None = None
    preview: int | None = None
    """The step that the latest preview shows."""

    @property
    def in_flight(self) -> bool:
        return self.status in IN_FLIGHT

    @property
    def joinable(self) -> bool:
        return self.status in JOINABLE

    @property
    def public_status(self) -> Status:
        """`status` as clients know it: to them storing is part of running."""
        return "running" if self.status == "storing" else self.status


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def opening(key: str, spec: JobSpec, digest: str, attempt: str, queue: str) -> dict[str, str | int]:
    """The fields of a new record: queued, one asker."""
    return {
        "version": VERSION,
        "status": "queued",
        "attempt": attempt,
        "spec": spec.model_dump_json(),
        "digest": digest,
        "created": now(),
        "steps": kind_of(key).steps(spec),
        "askers": 1,
        "queue": queue,
    }


def parse(key: str, fields: dict[bytes, bytes]) -> Record | None:
    """A record from its hash; empty strings are values not known yet. None when the hash is empty or incomplete.

    Raises `OtherVersion` when it says what this version does not understand: a field of the spec, a status, a kind.
    """
    values: dict[str, Any] = {name.decode(): value.decode() for name, value in fields.items() if value}
    if "attempt" not in values or "spec" not in values:
        return None
    try:
        if int(values.get("version", VERSION)) > VERSION:
            raise OtherVersion.of("the record of this job")
        values["spec"] = kind_of(key).spec.model_validate(json.loads(values["spec"]))
        return Record.model_validate(values)
    except ValueError as error:
        raise OtherVersion.of("the record of this job") from error


class Records:
    """Moves records from status to status. Each move is one round trip and returns whether it happened."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_MOVE)
        self._leave = redis.register_script(_LEAVE)

    def read(self, key: str) -> Record | None:
        return parse(key, cast("dict[bytes, bytes]", self._redis.hgetall(record_key(key))))

    def idle(self, key: str) -> float:
        """Seconds since the last move of a record in flight, computed from its expiry; 0 when there is none."""
        left = self._redis.ttl(record_key(key))
        return IN_FLIGHT_EXPIRY - left if left > ENDED_EXPIRY else 0

    def start(self, key: str, attempt: str, execution: str) -> Record | None:
        """Starts `execution`; from now on only it moves the record. None: cancelled, replaced or done; do nothing."""
        moves = "queued>running running>running storing>running"
        fresh = {**_NO_PROGRESS, "execution": execution, "started": now()}
        return self.read(key) if self._move(key, attempt, "", moves, fresh) else None

    def progress(
        self,
        key: str,
        attempt: str,
        execution: str,
        stage: str,
        step: int,
        score: float | None,
        seconds_left: float | None = None,
    ) -> bool:
        """Records progress. False: stop, this execution was cancelled or replaced."""
        shown = score if score is not None and math.isfinite(score) else ""
        left = "" if seconds_left is None else round(seconds_left, 1)
        fields = {"stage": stage, "step": step, "score": shown, "seconds_left": left}
        return self._move(key, attempt, execution, "running>running", fields)

    def previewed(self, key: str, attempt: str, execution: str, step: int) -> bool:
        """Records that there is a preview of `step`."""
        return self._move(key, attempt, execution, "running>running", {"preview": step})

    def commit(self, key: str, attempt: str, execution: str) -> bool:
        """Begins storing. True: the result may be stored, and can no longer be cancelled."""
        return self._move(key, attempt, execution, "running>storing storing>storing", {"stage": "storing"})

    def succeed(self, key: str, attempt: str, execution: str) -> bool:
        """Ends the attempt: the result is in the store."""
        return self._move(key, attempt, execution, "storing>succeeded", {"finished": now()})

    def fail(self, key: str, attempt: str, error: FeaturelensError, execution: str = "") -> bool:
        """Ends the attempt without a result. One that was being cancelled ends as cancelled."""
        moves = "queued>failed running>failed storing>failed cancelling>cancelled"
        fields = {"finished": now(), "error_code": error.code, "error_detail": error.detail}
        return self._move(key, attempt, execution, moves, fields)

    def requeue(self, key: str, attempt: str) -> bool:
        """Returns the attempt to waiting, as its execution was lost."""
        fields = {**_NO_PROGRESS, "execution": ""}
        return self._move(key, attempt, "", "queued>queued running>queued storing>queued", fields)

    def cancel(self, key: str, attempt: str) -> bool:
        """Cancels the attempt: at once when queued; when running, as soon as its slot has stopped."""

        def waiting() -> bool:
            return self._move(key, attempt, "", "queued>cancelled", {"finished": now()})

        # Between two tries it may start, or return to the queue, but hardly both and start again.
        return waiting() or self._move(key, attempt, "", "running>cancelling", {"stage": "stopping"}) or waiting()

    def leave(self, key: str, attempt: str = "") -> Left:
        """Removes one asker (of `attempt`, if given); without askers the attempt is stopped as by `cancel`."""
        arguments: list[Any] = [IN_FLIGHT_EXPIRY, ENDED_EXPIRY, attempt, now()]
        left = self._leave(keys=[record_key(key), line_key(key)], args=arguments)
        return cast(Left, left.decode())

    def cancelled(self, key: str, attempt: str) -> bool:
        """Ends an attempt that was being cancelled, as its slot has stopped."""
        return self._move(key, attempt, "", "cancelling>cancelled", {"finished": now()})

    def _move(self, key: str, attempt: str, execution: str, moves: str, fields: dict[str, Any]) -> bool:
        pairs = [value for item in fields.items() for value in item]
        arguments = [IN_FLIGHT_EXPIRY, ENDED_EXPIRY, attempt, execution, moves, *pairs]
        return self._script(keys=[record_key(key), line_key(key)], args=arguments) is not None
