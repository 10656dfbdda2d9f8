"""How Featurelens is doing, for people."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.queue import liveness, stats
from featurelens.jobs.queue.stats import QueueStats, RendererStats
from featurelens.service.dependencies import Deps
from featurelens.service.problems import declare

router = APIRouter(tags=["health"])


class SystemStatus(BaseModel):
    """Queues, slots, renderer and store, just now."""

    ready: bool = Field(description="pictures can be asked for")
    missing: str | None = Field(description="the part that is not there", examples=["the renderer is not running"])
    queues: dict[str, QueueStats]
    slots: dict[str, int] = Field(description="how many take jobs, by queue")
    renderer: RendererStats | None = Field(description="null: it is not running")
    renderer_starts: int = Field(description="each but the first is a restart")
    ended: dict[str, int] = Field(description="pictures by outcome, since the job queue was last emptied")
    store_bytes: dict[str, int] = Field(
        description="what is kept, as of half a minute ago; results in a bucket are counted there",
        examples=[{"results": 48_120_000, "thumbnails": 1_903_000, "photos": 310_000}],
    )
    results: int | None = Field(description="finished pictures kept; null: they are in a bucket")


@router.get("/v1/status", summary="How it is doing", responses=declare(503))
def overview(deps: Deps) -> SystemStatus:
    """The same facts as `/metrics`, to be read by people."""
    redis = deps.redis
    missing = liveness.missing(redis)
    counts = stats.counts(redis)
    usages = {what: eviction.usage for what, eviction in deps.evictions.items()}
    return SystemStatus(
        ready=missing is None,
        missing=missing,
        queues=stats.queues(deps.queue, redis),
        slots={name: liveness.slots_alive(redis, name) for name in QUEUES},
        renderer=stats.renderer(redis),
        renderer_starts=counts.pop(stats.STARTS, 0),
        ended=counts,
        store_bytes={what: usage.bytes for what, usage in usages.items()},
        results=usages["results"].kept if "results" in usages else None,
    )
