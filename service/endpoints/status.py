"""How Featurelens is doing, for people."""

from __future__ import annotations

from fastapi import APIRouter

from featurelens.jobs import addresses
from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.queue import liveness, stats
from featurelens.service.auth.access import needs
from featurelens.service.dependencies import Deps
from featurelens.service.openapi import status_samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.schemas.status import SystemStatus

router = APIRouter(tags=["health"], responses=GUARDED)


@router.get(
    addresses.STATUS,
    dependencies=[needs("read")],
    summary="How it is doing",
    responses={**answer(200, status_samples.STATUS), **problems(503)},
)
def overview(deps: Deps) -> SystemStatus:
    """The same facts as `/metrics`, to be read by people."""
    redis = deps.redis
    missing, renderers = deps.queue.router.missing(), stats.all_renderers(redis)
    counts = stats.counts(redis)
    usages = {name: eviction.usage for name, eviction in deps.evictions.items()}
    return SystemStatus(
        ready=missing is None,
        missing=missing,
        queues=stats.queues(deps.queue, redis),
        slots={name: liveness.slots_alive(redis, name) for name in QUEUES},
        renderer=renderers[0] if renderers else None,
        renderers=renderers,
        conflicts=deps.catalog.conflicts(),
        renderer_starts=counts.pop(stats.STARTS, 0),
        ended=counts,
        store_bytes={name: usage.bytes for name, usage in usages.items()},
        results=usages["results"].entries if "results" in usages else None,
    )
