"""Is the process alive, and can it do its work?"""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter

from featurelens.jobs import addresses
from featurelens.jobs.errors import CatalogPending
from featurelens.jobs.queue.broker import probe
from featurelens.service.dependencies import Dependencies, Deps
from featurelens.service.openapi import samples
from featurelens.service.openapi.answers import answer, problems
from featurelens.service.schemas.health import Health

router = APIRouter(tags=["health"])


@router.get(
    addresses.LIVENESS, summary="The process answers", responses={**answer(200, samples.HEALTH), **problems(421)}
)
async def live() -> Health:
    """Says nothing about queue or worker: restarting the service would mend neither."""
    return Health()


@router.get(
    addresses.READINESS,
    summary="Pictures can be asked for",
    responses={**answer(200, samples.HEALTH), **problems(421, 503)},
)
async def ready(deps: Deps) -> Health:
    """503 with the part that is missing: the job queue, the renderer, the slots, or the catalog."""
    await to_thread.run_sync(_check, deps, limiter=deps.probes)
    return Health()


def _check(deps: Dependencies) -> None:
    probe(deps.redis)
    deps.queue.router.check()
    if not deps.catalog.models():
        raise CatalogPending("the worker has not told its networks yet")
