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

import math
from typing import Any, Literal, cast

from redis import Redis
from redis.client import Pipeline

from featurelens.jobs.errors import FeaturelensError
from featurelens.jobs.queue.index import line_key
from featurelens.jobs.queue.moves import LEAVE, MOVE
from featurelens.jobs.queue.record import JOINABLE, Record, now, parse, record_key

IN_FLIGHT_EXPIRY = 100 * 24 * 3600
"""Seconds a record in flight is kept without a move: it outlives a full queue and any likely jump of a clock."""

ENDED_EXPIRY = 24 * 3600
"""Seconds the record of an ended job is kept. The result store keeps what succeeded, for ever."""

_NO_PROGRESS = {
    "stage": "",
    "step": 0,
    "score": "",
    "seconds_left": "",
    "preview": "",
    "downloaded": "",
    "download_size": "",
}

Left = Literal["gone", "over", "left", "cancelled", "cancelling"]
"""What became of a job that one asker left: unknown, ended or being stored, wanted by others, or stopped."""


class Records:
    """Moves records from status to status. Each move is one round trip and returns whether it happened."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(MOVE)
        self._leave = redis.register_script(LEAVE)

    def read(self, key: str) -> Record | None:
        return parse(key, cast("dict[bytes, bytes]", self._redis.hgetall(record_key(key))))

    def pulse(self, key: str) -> bytes | None:
        """Changes with every move: the sign of life of whoever executes the job."""
        return cast("bytes | None", self._redis.hget(record_key(key), "moves"))

    def owed(self, key: str, attempt: str) -> bool:
        """Whether the attempt is still to be made."""
        status, latest = cast("list[bytes | None]", self._redis.hmget(record_key(key), ["status", "attempt"]))
        return status is not None and status.decode() in JOINABLE and latest == attempt.encode()

    def start(self, key: str, attempt: str, execution: str, leases: str = "") -> Record | None:
        """Starts `execution`; from now on only it moves the record. None: cancelled, replaced or done; do nothing.

        `leases` is the Redis key of the sorted set that must hold ``attempt:execution``, if there is one.
        """
        moves = "queued>running running>running storing>running"
        fresh = {**_NO_PROGRESS, "execution": execution, "started": now()}
        return self.read(key) if self._move(key, attempt, "", moves, fresh, leases=(leases, execution)) else None

    def progress(
        self,
        key: str,
        attempt: str,
        execution: str,
        stage: str,
        step: int,
        score: float | None,
        seconds_left: float | None = None,
        download: tuple[int | None, int | None] = (None, None),
    ) -> bool:
        """Records progress; `download` is bytes of weights that have come and bytes in all, while they come.

        False: stop, this execution was cancelled or replaced.
        """
        shown = score if score is not None and math.isfinite(score) else ""
        left = "" if seconds_left is None else round(seconds_left, 1)
        fields = {"stage": stage, "step": step, "score": shown, "seconds_left": left}
        fields |= {"downloaded": download[0] or "", "download_size": download[1] or ""}
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

    def fail(
        self, key: str, attempt: str, error: FeaturelensError, execution: str = "", pipe: Pipeline | None = None
    ) -> bool:
        """Ends the attempt without a result. One that was being cancelled ends as cancelled.

        With a transaction `pipe`, here as below, the move happens with it, and what is returned means nothing.
        """
        moves = "queued>failed running>failed storing>failed cancelling>cancelled"
        return self._move(key, attempt, execution, moves, _failed(error), pipe)

    def give_up(self, key: str, attempt: str, error: FeaturelensError) -> bool:
        """Ends an attempt that waits without a result."""
        return self._move(key, attempt, "", "queued>failed", _failed(error))

    def requeue(self, key: str, attempt: str, pipe: Pipeline | None = None) -> bool:
        """Returns the attempt to waiting, as its execution was lost."""
        fields = {**_NO_PROGRESS, "execution": ""}
        return self._move(key, attempt, "", "queued>queued running>queued storing>queued", fields, pipe)

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

    def cancelled(self, key: str, attempt: str, pipe: Pipeline | None = None) -> bool:
        """Ends an attempt that was being cancelled, as its slot has stopped."""
        return self._move(key, attempt, "", "cancelling>cancelled", {"finished": now()}, pipe)

    def _move(
        self,
        key: str,
        attempt: str,
        execution: str,
        moves: str,
        fields: dict[str, Any],
        pipe: Pipeline | None = None,
        leases: tuple[str, str] = ("", ""),
    ) -> bool:
        keys = [record_key(key), line_key(key), *filter(None, leases[:1])]
        pairs = [value for item in fields.items() for value in item]
        leased = f"{attempt}:{leases[1]}"
        arguments = [IN_FLIGHT_EXPIRY, ENDED_EXPIRY, attempt, execution, leased, moves, *pairs]
        return self._script(keys=keys, args=arguments, client=pipe) is not None


def _failed(error: FeaturelensError) -> dict[str, Any]:
    return {"finished": now(), "error_code": error.code, "error_detail": error.detail}
