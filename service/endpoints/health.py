"""Is the process alive, and can it do its work?"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from featurelens.jobs.errors import CatalogPending
from featurelens.jobs.queue import liveness
from featurelens.service.dependencies import Deps
from featurelens.service.problems import declare

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """All is well."""

    status: Literal["ok"] = "ok"


@router.get("/livez", summary="The process answers")
async def live() -> Health:
    """Says nothing about queue or worker: restarting the service would mend neither."""
    return Health()


@router.get("/readyz", summary="Pictures can be asked for", responses=declare(503))
def ready(deps: Deps) -> Health:
    """503 with the part that is missing: the job queue, the renderer, the slots, or the catalog."""
    deps.redis.ping()
    liveness.check(deps.redis)
    if not deps.catalog.models():
        raise CatalogPending("the worker has not told its networks yet")
    return Health()
