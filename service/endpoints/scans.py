"""Asking for a scan, watching it, stopping it, deleting it; its table, and parts of the images it names."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query, Response

from featurelens.jobs import addresses
from featurelens.jobs.errors import InvalidSpec, NotFound
from featurelens.jobs.kinds import SCAN
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.service import job_requests, scan_results
from featurelens.service.auth.access import GuardedRoute, needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps, JsonOnly, key_of
from featurelens.service.job_routes import JobRoutes
from featurelens.service.openapi import answers, scan_samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.resolving import described
from featurelens.service.responses import IfNoneMatch, conditional, stored
from featurelens.service.schemas.scan import Scan
from featurelens.service.schemas.scanned_units import ScannedUnits, Sort
from featurelens.service.thumbnails import Format

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

JOBS = JobRoutes(
    SCAN,
    addresses.SCANS,
    "what it has read",
    finished=scan_samples.SCAN,
    underway=scan_samples.QUEUED,
    cancelling=scan_samples.CANCELLING,
    page=scan_samples.PAGE,
    more=("table",),
)

router = APIRouter(tags=["scans"], responses=GUARDED, route_class=GuardedRoute)


@router.post(
    addresses.SCANS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly, Counted],
    summary="Ask for a scan",
    responses=JOBS.asked,
)
async def ask(spec: Spec, deps: Deps, sent: job_requests.Sent, response: Response) -> Scan:
    """One forward pass over all images of a data set: of each unit of some layers the images that raise it most and
    least, where in them, and how what it says is distributed over all.

    In float32, before the network as its author wrote it. The same question is answered once.
    """
    scan: Scan = await job_requests.submit(deps, SCAN, spec, sent, response)
    return scan


JOBS.declare(router)


@router.get(
    addresses.scan_table("{key}"),
    dependencies=[needs("read")],
    summary="All of it as a table",
    response_class=Response,
    responses={**answers.conditional("Parquet, a row per unit", PARQUET), **problems(404)},
)
def table(key: Key, deps: Deps, if_none_match: IfNoneMatch = None) -> Response:
    """For pandas, polars, DuckDB and the like. Images are told by their number in the data set and their label."""
    private, name = deps.settings.auth_required, f"{key[:12]}.parquet"
    found = stored(deps.store, key, "units.parquet", PARQUET, if_none_match, private=private, filename=name)
    if found is None:
        raise JOBS.unfinished(key)
    return found


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
    sign: Annotated[Sign, Query(description="of the pictures, where they are sorted by")] = "positive",
    image: Annotated[int | None, Query(ge=0, le=2**32, description="only units whose `keep` strongest have it")] = None,
    limit: Annotated[int, Query(ge=1, le=4096)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**6)] = 0,
) -> ScannedUnits:
    """By what was found of them. With `image`, the units that like an image most, of those among whose `keep` strongest
    images it is, the only ones of which a scan keeps what they say to it: by `standing`, which is by how many spreads
    the image stands above what the unit says to the mean image.

    Or by how far their finished pictures get beside the images (`ratio`, `percentile`), and how alike either is
    processed (`likeness`, `likeness_of_means`); units of which there is no such picture come last.
    """
    if sort == "standing" and image is None:
        raise InvalidSpec.at("sort", "standing is that of an image: name one with image")
    chosen, found = scan_results.units(deps, key, layer, image, sort, sign)
    found.sort(key=lambda unit: unit.rank(sort))
    return ScannedUnits(layer=chosen, units=found[offset : offset + limit], total=len(found))


@router.get(
    addresses.crop("{key}", "{image}"),
    dependencies=[needs("read", or_token=True)],
    summary="A part of an image that it names",
    response_class=Response,
    responses={**answers.conditional("the part", "image/webp", "image/png"), **problems(404, 422)},
)
async def crop(
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
    content, lasting = await described(partial(scan_results.crop, deps, key, image, position, format))
    tag, private = scan_results.digest(content), deps.settings.auth_required
    return conditional(content, tag, f"image/{format}", if_none_match, immutable=lasting, private=private)
