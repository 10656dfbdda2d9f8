"""Whether a job may be why its execution was lost, and what is told of it."""

from __future__ import annotations

from typing import NamedTuple

from redis import RedisError

from featurelens.jobs.errors import FeaturelensError, RendererLost
from featurelens.jobs.logs import logger

DIED = "the process that made it died or failed"


class Blame(NamedTuple):
    """`blamed`: it costs the job an execution. `reason` may be shown to clients."""

    blamed: bool = True
    reason: str = DIED


def judged(job_id: str, error: BaseException | None) -> Blame:
    """Of an execution that ended with `error`."""
    blamed = not (isinstance(error, RedisError) or (isinstance(error, RendererLost) and error.nobodys_fault))
    if isinstance(error, FeaturelensError):
        logger().warning("execution lost", attempt=job_id, detail=error.detail, blamed=blamed)
        return Blame(blamed, error.detail)
    logger().error("execution failed", attempt=job_id, blamed=blamed, exc_info=error)
    return Blame(blamed)
