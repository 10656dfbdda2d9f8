"""The weights that make a unit: asked for where the unit is, watched, stopped, deleted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.kinds import FILTERS
from featurelens.jobs.spec.filters import MAX_UNITS, FiltersSpec
from featurelens.service import job_requests
from featurelens.service.asking import PATIENCE, Asking, counted, nobody_asked
from featurelens.service.auth.access import Identified, needs
from featurelens.service.dependencies import Deps, key_of
from featurelens.service.described import Channel, Known, LayerName
from featurelens.service.job_routes import JobRoutes
from featurelens.service.listed_by import by_unit
from featurelens.service.names_in_paths import LAYER, MODEL
from featurelens.service.openapi import answers, filter_samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.openapi.headers import QUOTA
from featurelens.service.prefer import Prefer
from featurelens.service.responses import IfNoneMatch
from featurelens.service.schemas.filters import Filters
from featurelens.service.stored_images import ImageFormat, ImageIndex, ImageWidth, image_of

Key = Annotated[str, Depends(key_of(FILTERS))]

JOBS = JobRoutes(
    FILTERS,
    addresses.FILTERS,
    "the weights",
    finished=filter_samples.SUCCEEDED,
    underway=filter_samples.QUEUED,
    cancelling=filter_samples.CANCELLING,
    page=filter_samples.PAGE,
    more=("image",),
    sought=by_unit,
)

router = APIRouter(tags=["filters"], responses=GUARDED)


@router.get(
    addresses.unit_filters(MODEL, LAYER, "{n}"),
    dependencies=[needs("read")],
    summary="The weights that make a unit",
    responses={
        **answer(200, filter_samples.SUCCEEDED, links=JOBS.links, headers=("Cache-Status", *QUOTA)),
        **answer(
            202,
            filter_samples.QUEUED,
            "on its way; `Location` says where to watch",
            JOBS.links,
            ("Location", "Retry-After", "Preference-Applied", *QUOTA),
        ),
        **problems(404, 422, 429, 503, 507),
    },
)
async def of_unit(
    known: Known,
    layer: LayerName,
    n: Channel,
    deps: Deps,
    caller: Identified,
    response: Response,
    prefer: Prefer,
    units: Annotated[int, Query(ge=1, le=MAX_UNITS, description="how many of the strongest of each list")] = 10,
    asking: Asking = True,
) -> Filters:
    """What is added up to make channel `n`, with batch norm folded in, so that signs are the real ones: the kernel over
    the picture where the unit looks at it, else the strongest incoming units with their kernels; the strongest outgoing
    ones; and, past one nonlinearity, expanded weights, an approximation.

    Weights that nobody has asked for yet are read now, for callers with the scope `render`, and counted in their quota:
    202 where that takes longer than eight seconds, or than `Prefer: wait`. With `ask=false` it tells what is known of
    them, however far they are, and 404 where nobody has asked.
    """
    found = known.unit(layer, n)
    spec = FiltersSpec(model=known.entry.name, layer=found.name, channel=n, units=units)
    whole, entry = await run_in_threadpool(FILTERS.resolve, deps.catalog, spec)
    key = FILTERS.key(whole, entry.digest, entry.renderer)
    job: Filters | None = await run_in_threadpool(deps.views[FILTERS.name].lookup.find, key)
    response.headers["Cache-Control"] = "no-cache"
    if job is not None and job.status == "succeeded":
        return job_requests.hit(job, response)
    if not asking:
        if job is None:
            raise nobody_asked("the weights of this unit")
        response.status_code = 200 if job.over else 202
        return job
    if job is None or job.over:
        response.headers.update(await counted(deps, caller))
    sent = job_requests.Headers(caller.client, None, prefer)
    response.status_code = 202
    filters: Filters = await job_requests.submit(deps, FILTERS, whole, sent, response, patience=PATIENCE)
    if response.status_code == 200:
        del response.headers["Location"]  # this is what it leads to
    return filters


JOBS.declare(router)


@router.get(
    addresses.filters_image("{key}"),
    dependencies=[needs("read", or_token=True)],
    summary="The picture of a kernel",
    response_class=Response,
    responses={**answers.conditional("the picture", "image/png", "image/webp"), **problems(404, 422)},
)
async def image(
    key: Key,
    deps: Deps,
    index: ImageIndex = 0,
    width: ImageWidth = None,
    format: ImageFormat = "png",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """As the answer counts them; the last one is a sheet of all, a row for each list. It never changes."""
    return await image_of(deps, key, addresses.filters(key), index, width, format, if_none_match)
