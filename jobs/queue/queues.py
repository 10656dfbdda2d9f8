"""The names of RQ's queues: every renderer has one of each of `QUEUES`, in which the jobs for it wait.

The bare names are those of a renderer without an id, as one that is started by hand, or of a worker from before there
could be several. What waits there and nobody takes is dealt out like the queue of a renderer that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from redis import Redis

from featurelens.jobs.kinds.base import QUEUES

RENDERERS = "featurelens:renderers"
"""Hash: the ids of renderers that may have jobs -> what they are (`jobs.queue.renderers`)."""

_OF = "@"


def queue_of(queue: str, renderer: str) -> str:
    """The name of that one of `QUEUES` which belongs to `renderer`, an id or the empty string."""
    return f"{queue}{_OF}{renderer}" if renderer else queue


def base(name: str) -> str:
    """Which of `QUEUES` it is."""
    return name.partition(_OF)[0]


def renderer_of(name: str) -> str:
    """The id of the renderer whose queue it is, or the empty string."""
    return name.partition(_OF)[2]


def named(renderers: Iterable[str], queues: Iterable[str] = QUEUES) -> list[str]:
    """The names of all queues of these."""
    ids = list(renderers)
    return [queue_of(queue, renderer) for queue in queues for renderer in ids]


def ids(redis: Redis) -> list[str]:
    """Of all renderers that may have jobs, dead ones included, and the empty one first."""
    known = cast("list[bytes]", redis.hkeys(RENDERERS))
    return ["", *sorted(name.decode() for name in known)]


def keep_known(redis: Redis, name: str) -> None:
    """Whoever puts something into the queue of this name calls it: the renderer may have been forgotten just now.

    What waits for one that nobody knows would never be dealt out.
    """
    if renderer := renderer_of(name):
        redis.hsetnx(RENDERERS, renderer, "")


def names(redis: Redis, queues: Iterable[str] = QUEUES) -> list[str]:
    """The names of all queues in which a job may be."""
    return named(ids(redis), queues)
