"""Which visualizations there are, newest first, by model, layer, channel, sign and status."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query

from featurelens.jobs import addresses
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue.records import Status
from featurelens.jobs.spec.base import Sign
from featurelens.service import job_requests
from featurelens.service.auth.access import needs
from featurelens.service.dependencies import Deps
from featurelens.service.openapi import samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.pagination import MAX_JOBS
from featurelens.service.schemas.visualization import Summary, Visualizations

router = APIRouter(tags=["visualizations"], responses=GUARDED)


@router.get(
    addresses.VISUALIZATIONS,
    dependencies=[needs("read")],
    summary="The pictures there are",
    responses={**answer(200, samples.VISUALIZATIONS), **problems(422, 503)},
)
def list_visualizations(
    deps: Deps,
    background: BackgroundTasks,
    model: Annotated[str | None, Query(max_length=200, description="canonical name or alias")] = None,
    layer: Annotated[str | None, Query(max_length=200)] = None,
    channel: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    sign: Sign | None = None,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_JOBS)] = 20,
    cursor: Annotated[str | None, Query(max_length=64, description="from `next` of the page before")] = None,
) -> Visualizations:
    """Asked for last comes first. A page may be shorter than `limit`, even empty, and have a next one."""
    jobs, following, complete = job_requests.listed(
        deps,
        VISUALIZATION,
        background,
        addresses.VISUALIZATIONS,
        limit,
        cursor,
        model=model,
        status=status,
        layer=layer,
        channel=channel,
        sign=sign,
    )
    return Visualizations(visualizations=[Summary.of(job) for job in jobs], next=following, complete=complete)
