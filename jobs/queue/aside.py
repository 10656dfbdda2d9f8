"""Jobs that a slot does not understand, as a newer version has accepted them: set aside until other slots start.

They keep nobody waiting, and no execution is lost over them.
"""

from __future__ import annotations

from redis import Redis
from redis.client import Pipeline
from rq import Queue


def aside(queue: str) -> str:
    """The Redis key of the list of jobs of RQ's queue `queue` that are set aside."""
    return f"featurelens:aside:{queue}"


def set_aside(pipe: Pipeline, queue: Queue, job: str) -> None:
    """Adds a job, in the transaction in which it leaves its place."""
    pipe.rpush(aside(queue.name), job)


def restore(redis: Redis, queue: Queue) -> None:
    """Returns all to the head of the queue, in their order. Called by every slot that starts."""
    for _ in range(redis.llen(aside(queue.name))):
        redis.lmove(aside(queue.name), queue.key, "RIGHT", "LEFT")
