"""Asking for a scan, watching it, stopping it, deleting it; its table, and parts of the images it names."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Body, Depends, Path, Query, Response
from fastapi.responses import StreamingResponse

from featurelens.jobs import addresses
from featurelens.jobs.errors import InvalidSpec, NotFound
from featurelens.jobs.kinds import SCAN
from featurelens.jobs.queue.records import Status
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.service import job_requests, scan_results
from featurelens.service.auth.access import GuardedRoute, Identified, IdentifiedOrToken, needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps, JsonOnly, key_of
from featurelens.service.event_stream import LastEventId
from featurelens.service.openapi import answers, samples, scan_samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.openapi.links import from_scan
from featurelens.service.pagination import MAX_JOBS
from featurelens.service.responses import IfNoneMatch, conditional
from featurelens.service.schemas.scan import Scan, ScansPage, ScanSummary
from featurelens.service.schemas.scanned_units import ScannedUnits, Sort
from featurelens.service.schemas.token import Token
from featurelens.service.thumbnails import Format

_EXAMPLE = """retry: 2000
event: progress
data: {"stage":"reading","step":320,"steps":1080,"score":null,"seconds_left":6.5}
id: 93a1f0c44be8d0aa

event: succeeded
data: {"key":"fs1_...","status":"succeeded","images":1080,"broken":{"count":0,"first":[]}}
id: 0f83ab11c09d5e77
"""

Spec = Annotated[
    ScanSpec,
    Body(
        openapi_examples={
            "patterns": {
                "summary": "the bundled network over the bundled patterns",
                "value": {"model": "patternnet", "dataset": "patterns", "layers": ["conv6", "logits"]},
            }
        }
    ),
]


async def _known_image(image: Annotated[str, Path(description="its number in the data set", examples=["43"])]) -> int:
    if not image.isascii() or not image.isdigit() or len(image) > 10:
        raise NotFound("images are numbered from 0")
    return int(image)


Key = Annotated[str, Depends(key_of(SCAN))]
Image = Annotated[int, Depends(_known_image)]

PARQUET = "application/vnd.apache.parquet"

router = APIRouter(tags=["scans"], responses=GUARDED, route_class=GuardedRoute)


@router.post(
    addresses.SCANS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly, Counted],
    summary="Ask for a scan",
    responses={
        **answer(202, scan_samples.QUEUED, "on its way; `Location` says where to watch", from_scan()),
        **answer(
            200,
            scan_samples.SCAN,
            "made before, `Cache-Status: featurelens; hit`, or while you waited",
            from_scan(),
        ),
        **problems(400, 408, 409, 413, 415, 422, 429, 503, 507),
    },
)
async def ask(spec: Spec, deps: Deps, sent: job_requests.Sent, response: Response) -> Scan:
    """One forward pass over all images of a data set: of each unit of some layers the images that raise it most and
    least, where in them, and how what it says is distributed over all.

    In float32, before the network as its author wrote it. The same question is answered once.
    """
    scan: Scan = await job_requests.submit(deps, SCAN, spec, sent, response)
    return scan


@router.get(
    addresses.SCANS,
    dependencies=[needs("read")],
    summary="The scans there are",
    responses={**answer(200, scan_samples.PAGE), **problems(422, 503)},
)
def list_scans(
    deps: Deps,
    background: BackgroundTasks,
    model: Annotated[str | None, Query(max_length=200, description="canonical name or alias")] = None,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_JOBS)] = 20,
    cursor: Annotated[str | None, Query(max_length=64, description="from `next` of the page before")] = None,
) -> ScansPage:
    """Asked for last comes first. A page may be shorter than `limit`, even empty, and have a next one."""
    jobs, following, complete = job_requests.listed(
        deps, SCAN, background, addresses.SCANS, limit, cursor, model=model, status=status
    )
    return ScansPage(scans=[ScanSummary.of(job) for job in jobs], next=following, complete=complete)


@router.get(
    addresses.scan("{key}"),
    dependencies=[needs("read")],
    summary="How far it is, or what it has read",
    responses={**answer(200, scan_samples.SCAN, links=from_scan()), **problems(404, 503)},
)
def show(key: Key, deps: Deps, response: Response) -> Scan:
    """Status and progress until it is finished, then its layers and the images that were left out.

    One that failed or was cancelled says why; ask for it again to start a new attempt.
    """
    scan: Scan = job_requests.show(deps, SCAN, key, response)
    return scan


@router.get(
    addresses.scan_events("{key}"),
    dependencies=[needs("read", or_token=True)],
    summary="Watch it as server-sent events",
    response_class=StreamingResponse,
    responses={**answers.event_stream(Scan, _EXAMPLE), **problems(404, 503)},
)
async def events(key: Key, deps: Deps, caller: IdentifiedOrToken, last_event_id: LastEventId = None) -> Response:
    """As for visualizations, without previews."""
    return await job_requests.watched(deps, SCAN, key, caller, last_event_id)


@router.get(
    addresses.scan_token("{key}"),
    dependencies=[needs("read")],
    summary="A token that opens its events and crops in a browser",
    responses={**answer(200, samples.TOKEN), **problems(404)},
)
def token(key: Key, deps: Deps, caller: Identified, response: Response) -> Token:
    """For `EventSource`, which cannot send an API key. For a quarter of an hour, to look at this one."""
    return job_requests.opened(deps, key, caller, response)


@router.get(
    addresses.scan_table("{key}"),
    dependencies=[needs("read")],
    summary="All of it as a table",
    response_class=Response,
    responses={**answers.conditional("Parquet, a row per unit", PARQUET), **problems(404)},
)
def table(key: Key, deps: Deps, if_none_match: IfNoneMatch = None) -> Response:
    """For pandas, polars, DuckDB and the like. Images are told by their number in the data set and their label."""
    found = scan_results.table(deps, key)
    private, name = deps.settings.auth_required, f"{key[:12]}.parquet"
    return conditional(*found, PARQUET, if_none_match, private=private, filename=name)


@router.get(
    addresses.scan_units("{key}"),
    dependencies=[needs("read")],
    summary="The units of a layer, sorted",
    responses={**answer(200, scan_samples.UNITS), **problems(404, 422)},
)
def units(
    key: Key,
    deps: Deps,
    layer: Annotated[str | None, Query(max_length=200, description="default: the first that was read")] = None,
    sort: Annotated[Sort, Query(description="the largest first; `standing` with `image` only")] = "strongest",
    image: Annotated[int | None, Query(ge=0, le=2**32, description="only units among whose strongest it is")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**6)] = 0,
) -> ScannedUnits:
    """By what was found of them. With `image`, the units that like an image most: by `standing`, which is by how many
    spreads the image stands above what the unit says to the mean image.
    """
    if sort == "standing" and image is None:
        raise InvalidSpec.at("sort", "standing is that of an image: name one with image")
    chosen, found = scan_results.units(deps, key, layer, image)
    found.sort(key=lambda unit: -(getattr(unit, sort) or 0.0))
    return ScannedUnits(layer=chosen, units=found[offset : offset + limit], total=len(found))


@router.get(
    addresses.crop("{key}", "{image}"),
    dependencies=[needs("read", or_token=True)],
    summary="A part of an image that it names",
    response_class=Response,
    responses={**answers.conditional("the part", "image/webp", "image/png"), **problems(404, 422)},
)
def crop(
    key: Key,
    image: Image,
    deps: Deps,
    layer: Annotated[str | None, Query(max_length=200, description="with x and y: what this position sees")] = None,
    x: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    y: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    format: Annotated[Format, Query()] = "webp",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Without a position, or where it has no receptive field: the whole image, as small as the network sees it."""
    position = None if layer is None or x is None or y is None else (layer, x, y)
    if position is None and (layer, x, y) != (None, None, None):
        raise InvalidSpec.at("layer", "a position is layer, x and y together")
    found = scan_results.crop(deps, key, image, position, format)
    tag = scan_results.digest(found)
    return conditional(found, tag, f"image/{format}", if_none_match, private=deps.settings.auth_required)


@router.delete(
    addresses.scan("{key}"),
    dependencies=[needs("render")],
    summary="Want it no more",
    responses={
        **answer(200, scan_samples.QUEUED, "stopped, or still done for others", from_scan()),
        **answer(202, scan_samples.CANCELLING, "it is being stopped", from_scan()),
        **problems(404, 409, 503),
    },
)
def leave(key: Key, deps: Deps, response: Response) -> Scan:
    """Takes back one request. Each POST counts as one, and the last one taken back stops it. 409 when it has ended."""
    deleted = "a finished result is deleted under /result"
    scan: Scan = job_requests.leave(deps, SCAN, key, response, deleted=deleted)
    return scan


@router.delete(
    addresses.scan_result("{key}"),
    status_code=204,
    dependencies=[needs("admin")],
    summary="Delete a finished result",
    responses=problems(404, 503),
)
def delete(key: Key, deps: Deps) -> None:
    """Out of the store, for everybody; asked for again, it is made anew."""
    job_requests.delete(deps, key, NotFound(f"no finished result here; how far it is: {addresses.scan(key)}"))
