"""Looks for jobs that have ended and tells who is to be told, as long as the service runs."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import httpx
from redis import RedisError
from starlette.concurrency import run_in_threadpool
from structlog.stdlib import BoundLogger

from featurelens.jobs.errors import StoreUnavailable
from featurelens.jobs.logs import logger
from featurelens.service.webhooks.allowed_hosts import Permitted
from featurelens.service.webhooks.call import Told, call
from featurelens.service.webhooks.deliveries import Deliveries, Delivery
from featurelens.service.webhooks.signature import Signatures

INTERVAL = 0.5
"""Seconds between two looks."""

AT_ONCE = 16
"""Calls under way in one process, and to one host a quarter of that: one that hangs holds up no other."""

_TOGETHER = 128
"""Deliveries looked at together."""

PAUSES = (5, 60, 300, 1800, 7200, 18_000, 28_800, 32_400)
"""Seconds before each further try, a tenth more or less: 24.6 hours in all."""

_CROWDED = (1.0, 5.0)
"""Seconds, between these, until the next look at one for which no call could begin."""

_AWAY = 5.0
"""Seconds until the next look, while the broker or the store is away."""


See = Callable[[Sequence[Delivery]], Mapping[str, bytes | None]]
"""What is told of the jobs of deliveries, by the deliveries' ids. None: not over yet; not in it: gone. Blocks."""


class Courier:
    """Delivers what is in `deliveries` to whom `permitted` lets be told."""

    def __init__(self, deliveries: Deliveries, permitted: Permitted, signatures: Signatures, see: See) -> None:
        self._deliveries = deliveries
        self._permitted = permitted
        self._signatures = signatures
        self._see = see
        self._calls: dict[asyncio.Task[None], str] = {}
        """Under way, with the host of each."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Does nothing where nobody may be told."""
        if self._permitted:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """What is under way is broken off, and told again by whoever goes on."""
        tasks = [*self._calls, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self) -> None:
        while True:
            try:
                more = await self._turn()
            except Exception as error:  # noqa: BLE001  # the broker or the store is away, and will be back
                logger().warning("webhooks wait", reason=repr(error))
                await asyncio.sleep(_AWAY)
            else:
                await asyncio.sleep(0 if more else INTERVAL)

    async def _turn(self) -> bool:
        """Whether there may be more at once."""
        taken = await run_in_threadpool(self._deliveries.take, _TOGETHER)
        # No job is read for a receiver that has all its calls: one that hangs may have thousands.
        looked = [one for one in taken if self._has_room(one)]
        crowded = [one for one in taken if not self._has_room(one)]
        ready = await run_in_threadpool(self._ready, looked) if looked else []
        crowded += [one for one, body in ready if not self._begun(one, body)]
        if crowded:
            later = {one.id: random.uniform(*_CROWDED) for one in crowded}
            await run_in_threadpool(self._deliveries.put_off, later)
        return len(taken) == _TOGETHER

    def _ready(self, taken: Sequence[Delivery]) -> list[tuple[Delivery, bytes]]:
        """Those that can be told, with what. Blocks."""
        # What was told once is told again, whatever has become of the job since.
        seen = self._seen([one for one in taken if one.body is None])
        bodies = {one.id: one.body for one in taken if one.body is not None} | dict(seen)
        early: dict[str, float] = {}
        ready = []
        for one in taken:
            if one.id not in bodies:
                logger().warning("webhook given up", webhook=one.id, key=one.key, reason="its job is gone")
                self._deliveries.end(one.id, "failed")
            elif (body := bodies[one.id]) is None:
                early[one.id] = patience(one.age)
            else:
                ready.append((one, body))
        if early:
            self._deliveries.put_off(early)
        return ready

    def _seen(self, taken: Sequence[Delivery]) -> Mapping[str, bytes | None]:
        """What `see` tells. A job that cannot be read counts as not over, and holds up no other."""
        try:
            return self._see(taken)
        except (RedisError, OSError, StoreUnavailable):
            raise
        except Exception as error:  # noqa: BLE001  # whatever one job is the cause of
            if len(taken) == 1:
                logger().exception("webhook waits", webhook=taken[0].id, key=taken[0].key, reason=repr(error))
                return {taken[0].id: None}
        half = len(taken) // 2
        return {**self._seen(taken[:half]), **self._seen(taken[half:])}

    def _has_room(self, delivery: Delivery) -> bool:
        """False: as many calls are under way as may be."""
        if len(self._calls) >= AT_ONCE:
            return False
        return Counter(self._calls.values())[_host(delivery)] < AT_ONCE // 4

    def _begun(self, delivery: Delivery, body: bytes) -> bool:
        """False: there is no room."""
        if not self._has_room(delivery):
            return False
        task = asyncio.create_task(self._deliver(delivery, body))
        self._calls[task] = _host(delivery)
        task.add_done_callback(self._calls.pop)
        return True

    async def _deliver(self, delivery: Delivery, body: bytes) -> None:
        log = logger().bind(webhook=delivery.id, key=delivery.key, tries=delivery.tries + 1)
        try:
            headers = await run_in_threadpool(self._signatures.headers, delivery.id, int(time.time()), body)
            told = await call(self._permitted, delivery.url, body, headers)
            await run_in_threadpool(self._note, delivery, body, told, log)
        except (OSError, ValueError, RedisError) as error:  # no secret, or no broker: due again when its lease ends
            log.warning("webhook left", reason=repr(error))

    def _note(self, delivery: Delivery, body: bytes, told: Told, log: BoundLogger) -> None:
        if told.delivered:
            self._deliveries.end(delivery.id, "delivered")
            log.info("webhook delivered")
        elif told.unwanted or delivery.tries >= len(PAUSES):
            self._deliveries.end(delivery.id, "failed")
            log.warning("webhook given up", reason=told.reason)
        else:
            pause = max(PAUSES[delivery.tries] * random.uniform(0.9, 1.1), told.retry_after)
            self._deliveries.retry(delivery, body, pause)
            log.warning("webhook not delivered", reason=told.reason, again_in=round(pause))


def _host(delivery: Delivery) -> str:
    return httpx.URL(delivery.url).host


def patience(age: float) -> float:
    """Seconds until the next look at a job that was asked for `age` seconds ago and has not ended: half one to five."""
    return min(max(age / 10, INTERVAL), 5.0)
