"""Checks whether each process is ready or hangs, answered by the process itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, cast

from redis.exceptions import RedisError
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from featurelens.jobs.queue.broker import PROBE
from featurelens.jobs.queue.liveness import cataloguer_key, renderer_key
from featurelens.jobs.unix_address import unix_address
from featurelens.launcher.broker import ANSWER_WITHIN, client
from featurelens.launcher.role import Ready


def _false_while_away(check: Ready) -> Ready:
    """`check`, with the answer False when the other side cannot be reached."""

    async def answer(pid: int) -> bool:
        try:
            return await check(pid)
        except (RedisError, OSError):
            return False

    return answer


def renderer_ready(url: str, path: Path, id: str = "") -> Ready:
    """Whether this renderer has a heartbeat of its own, not of one that has died, and accepts connections."""

    @_false_while_away
    async def ready(pid: int) -> bool:
        if not await _has_heartbeat(url, renderer_key(id), pid):
            return False
        async with asyncio.timeout(ANSWER_WITHIN):
            with unix_address(path) as address:
                _, writer = await asyncio.open_unix_connection(address)
            await _close(writer)
        return True

    return ready


def renderer_hangs(url: str, id: str = "") -> Ready:
    """Whether its heartbeat has expired in the broker; False while that is away or takes no writes."""
    return _expired(url, renderer_key(id))


def cataloguer_ready(url: str, worker: str = "") -> Ready:
    """Whether the cataloguer of the worker with this id has a heartbeat."""
    return _false_while_away(lambda pid: _has_heartbeat(url, cataloguer_key(worker), pid))


def cataloguer_hangs(url: str, worker: str = "") -> Ready:
    """Whether its heartbeat has expired, as of `renderer_hangs`."""
    return _expired(url, cataloguer_key(worker))


def slot_ready(url: str, host: str, queue: str) -> Ready:
    """Whether the slot with this process id on this host is registered as an RQ worker of the queue of this name."""

    @_false_while_away
    async def ready(pid: int) -> bool:
        return await _registered(url, host, queue, pid)

    return ready


def slot_hangs(url: str, host: str, queue: str) -> Ready:
    """Whether the slot's registration has expired; False while the broker is away or takes no writes."""

    @_false_while_away
    async def hangs(pid: int) -> bool:
        await _write(url)
        return not await _registered(url, host, queue, pid)

    return hangs


async def _write(url: str) -> None:
    """Raises the `RedisError` with which the broker refuses to be written to."""
    async with client(url) as redis:
        await redis.set(PROBE, b"1", ex=60)


def _expired(url: str, part: str) -> Ready:
    @_false_while_away
    async def expired(pid: int) -> bool:
        await _write(url)
        return not await _has_heartbeat(url, part, pid)

    return expired


async def _has_heartbeat(url: str, part: str, pid: int) -> bool:
    async with client(url) as redis:
        return bool(await redis.get(part) == str(pid).encode())


async def _registered(url: str, host: str, queue: str, pid: int) -> bool:
    async with client(url) as redis:
        pipe = redis.pipeline(transaction=False)
        for key in await cast("Awaitable[set[bytes]]", redis.smembers(WORKERS_BY_QUEUE_KEY % queue)):
            pipe.hmget(key, "hostname", "pid")
        return [host.encode(), str(pid).encode()] in await pipe.execute()


def service_ready(host: str, port: int, path: str = "/livez") -> Ready:
    """Whether the service answers this path with 200."""

    async def ready(_: int) -> bool:
        return (await get(host, port, path))[0] == 200

    return ready


def silent(ready: Ready) -> Ready:
    """Whether a process does not answer as it did when it was `ready`."""

    async def hangs(pid: int) -> bool:
        return not await ready(pid)

    return hangs


async def get(host: str, port: int, path: str) -> tuple[int, Any]:
    """Status and JSON body of one GET; (0, None) when there is no answer in time.

    HTTP/1.0 by hand: it has no chunked bodies, and a client library would be one more dependency.
    """
    try:
        async with asyncio.timeout(5 * ANSWER_WITHIN):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: application/json\r\n\r\n".encode())
                answer = await reader.read()
            finally:
                await _close(writer)
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body) if body else None
    except (OSError, TimeoutError, ValueError, IndexError):
        return 0, None


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return  # the other side was faster
