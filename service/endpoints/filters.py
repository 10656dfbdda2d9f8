"""The weights that make a unit: asked for where the unit is, watched, stopped, deleted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.errors import NotFound
from featurelens.jobs.kinds import FILTERS
from featurelens.jobs.spec.filters import MAX_UNITS, FiltersSpec
from featurelens.service import job_requests
from featurelens.service.asking import PATIENCE, Asking, counted, nobody_asked
from featurelens.service.auth.access import Identified, IdentifiedOrToken, needs
from featurelens.service.dependencies import Deps, key_of
from featurelens.service.described import Channel, Known, LayerName
from featurelens.service.event_stream import LastEventId
from featurelens.service.names_in_paths import LAYER, MODEL
from featurelens.service.openapi import answers, filter_samples, samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.openapi.links import from_filters
from featurelens.service.prefer import Prefer
from featurelens.service.responses import IfNoneMatch
from featurelens.service.schemas.filters import Filters
from featurelens.service.schemas.token import Token
from featurelens.service.stored_images import ImageFormat, ImageIndex, ImageWidth, image_of

_EXAMPLE = """retry: 2000
event: progress
data: {"stage":"reading","step":0,"steps":1,"score":null,"seconds_left":null}
id: 93a1f0c44be8d0aa

event: succeeded
data: {"key":"ff1_...","status":"succeeded","incoming":{"count":48,"scale":0.24,"positive":[],"negative":[]}}
id: 0f83ab11c09d5e77
"""


Key = Annotated[str, Depends(key_of(FILTERS))]

router = APIRouter(tags=["filters"], responses=GUARDED)


@router.get(
    addresses.unit_filters(MODEL, LAYER, "{n}"),
    dependencies=[needs("read")],
    summary="The weights that make a unit",
    responses={
        **answer(200, filter_samples.SUCCEEDED, links=from_filters()),
        **answer(202, filter_samples.QUEUED, "on its way; `Location` says where to watch", from_filters()),
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
    units: Annotated[int, Query(ge=1, le=MAX_UNITS, description="how many of the strongest of each list")] = 10,
    asking: Asking = True,
    prefer: Prefer = None,
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
    if not asking:
        if job is None:
            raise nobody_asked("the weights of this unit")
        response.status_code = 200 if job.over else 202
        return job
    if job is None or job.status in {"failed", "cancelled"}:
        response.headers.update(await counted(deps, caller))
    sent = job_requests.Headers(caller.client, None, prefer or ())
    response.status_code = 202
    filters: Filters = await job_requests.submit(deps, FILTERS, whole, sent, response, patience=PATIENCE)
    if response.status_code == 200:
        del response.headers["Location"]  # this is what it leads to
    return filters


@router.get(
    addresses.filters("{key}"),
    dependencies=[needs("read")],
    summary="How far it is, or the weights",
    responses={**answer(200, filter_samples.SUCCEEDED, links=from_filters()), **problems(404, 503)},
)
def show(key: Key, deps: Deps, response: Response) -> Filters:
    """Status and progress until it is finished, then the weights.

    One that failed or was cancelled says why; ask for it again where the unit is.
    """
    filters: Filters = job_requests.show(deps, FILTERS, key, response)
    return filters


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


@router.get(
    addresses.filters_events("{key}"),
    dependencies=[needs("read", or_token=True)],
    summary="Watch it as server-sent events",
    response_class=StreamingResponse,
    responses={**answers.event_stream(Filters, _EXAMPLE), **problems(404, 503)},
)
async def events(key: Key, deps: Deps, caller: IdentifiedOrToken, last_event_id: LastEventId = None) -> Response:
    """As for visualizations, without previews."""
    return await job_requests.watched(deps, FILTERS, key, caller, last_event_id)


@router.get(
    addresses.filters_token("{key}"),
    dependencies=[needs("read")],
    summary="A token that opens events and pictures in a browser",
    responses={**answer(200, samples.TOKEN), **problems(404)},
)
def token(key: Key, deps: Deps, caller: Identified, response: Response) -> Token:
    """For `EventSource` and `<img>`, which cannot send an API key. For a quarter of an hour, to look at this one."""
    return job_requests.opened(deps, key, caller, response)


@router.delete(
    addresses.filters("{key}"),
    dependencies=[needs("render")],
    summary="Want it no more",
    responses={
        **answer(200, filter_samples.QUEUED, "stopped, or still done for others", from_filters()),
        **answer(202, filter_samples.CANCELLING, "it is being stopped", from_filters()),
        **problems(404, 409, 503),
    },
)
def leave(key: Key, deps: Deps, response: Response) -> Filters:
    """Takes back one request, and the last one taken back stops it. 409 when it has ended."""
    deleted = "a finished result is deleted under /result"
    filters: Filters = job_requests.leave(deps, FILTERS, key, response, deleted=deleted)
    return filters


@router.delete(
    addresses.filters_result("{key}"),
    status_code=204,
    dependencies=[needs("admin")],
    summary="Delete a finished result",
    responses=problems(404, 503),
)
def delete(key: Key, deps: Deps) -> None:
    """Out of the store, for everybody; asked for again, it is read anew."""
    job_requests.delete(deps, key, NotFound(f"no finished result here; how far it is: {addresses.filters(key)}"))
