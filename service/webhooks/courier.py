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
        taken, ready = await run_in_threadpool(self._ready)
        crowded = [one.id for one, body in ready if not self._begun(one, body)]
        if crowded:
            await run_in_threadpool(self._deliveries.put_off, dict.fromkeys(crowded, 1.0))
        return taken == _TOGETHER

    def _ready(self) -> tuple[int, list[tuple[Delivery, bytes]]]:
        """How many were due, and those that can be told, with what. Blocks."""
        taken = self._deliveries.take(_TOGETHER)
        # What was told once is told again, whatever has become of the job since.
        seen = self._see([one for one in taken if one.body is None])
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
        return len(taken), ready

    def _begun(self, delivery: Delivery, body: bytes) -> bool:
        """False: as many calls are under way as may be."""
        host = httpx.URL(delivery.url).host
        if len(self._calls) >= AT_ONCE or Counter(self._calls.values())[host] >= AT_ONCE // 4:
            return False
        task = asyncio.create_task(self._deliver(delivery, body))
        self._calls[task] = host
        task.add_done_callback(self._calls.pop)
        return True

    async def _deliver(self, delivery: Delivery, body: bytes) -> None:
        log = logger().bind(webhook=delivery.id, key=delivery.key, tries=delivery.tries + 1)
        try:
            headers = await run_in_threadpool(self._signatures.headers, delivery.id, int(time.time()), body)
            told = await call(self._permitted, delivery.url, body, headers)
            await run_in_threadpool(self._note, delivery, body, told, log)
        except (OSError, RedisError) as error:  # no secret, or no broker: it is due again when its lease ends
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


def patience(age: float) -> float:
    """Seconds until the next look at a job that was asked for `age` seconds ago and has not ended: half one to five."""
    return min(max(age / 10, INTERVAL), 5.0)
