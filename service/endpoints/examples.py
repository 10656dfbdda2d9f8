"""A unit beside the images of a data set: what raises it among them, and its spectrum."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.errors import NotFound
from featurelens.jobs.spec.scan import DatasetName
from featurelens.service import relatives, scan_results, spectrum, spectrum_sheet
from featurelens.service.auth.access import Identified, needs
from featurelens.service.dependencies import Deps
from featurelens.service.described import Channel, Known, LayerName
from featurelens.service.idempotency import IdempotencyKey
from featurelens.service.names_in_paths import LAYER, MODEL
from featurelens.service.openapi import answers, scan_samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.openapi.headers import QUOTA
from featurelens.service.responses import IfNoneMatch, conditional
from featurelens.service.schemas import address
from featurelens.service.schemas.alike import Alike
from featurelens.service.schemas.examples import Examples
from featurelens.service.schemas.spectrum import AskedFor, Spectrum
from featurelens.service.thumbnails import Format

Dataset = Annotated[DatasetName | None, Query(description="default: any that was scanned")]

_SENT = ("Location", *QUOTA)

router = APIRouter(tags=["scans"], responses=GUARDED)


@router.get(
    addresses.examples(MODEL, LAYER, "{n}"),
    dependencies=[needs("read")],
    summary="Dataset examples of a unit",
    responses={**answer(200, scan_samples.EXAMPLES), **problems(404, 422, 503)},
)
def show_examples(known: Known, layer: LayerName, n: Channel, deps: Deps, dataset: Dataset = None) -> Examples:
    """The images that raise it most and least, that lie around zero or the median, and how all of them are distributed:
    from the latest finished scan of this layer. 404 tells what to POST where there is none.
    """
    return scan_results.examples(deps, known.entry, known.unit(layer, n), n, dataset)


@router.get(
    addresses.alike(MODEL, LAYER, "{n}"),
    dependencies=[needs("read")],
    summary="Units that answer alike",
    responses={**answer(200, scan_samples.ALIKE), **problems(404, 422, 503)},
)
def show_alike(
    known: Known, layer: LayerName, n: Channel, deps: Deps, response: Response, dataset: Dataset = None
) -> Alike:
    """Which units of its layer say most nearly the same to the images of a data set, near-duplicates first, and which
    the opposite: from the scan that `examples` tells of. 404 tells what to POST where there is none.

    With the newest finished pictures of each and the image that raises it most. Nothing is asked for here.
    """
    response.headers["Cache-Control"] = "no-cache"
    return relatives.find(deps, known.entry, known.unit(layer, n), n, dataset)


@router.get(
    addresses.spectrum_sheet(MODEL, LAYER, "{n}"),
    dependencies=[needs("read")],
    summary="The spectrum of a unit on one picture",
    response_class=Response,
    responses={**answers.conditional("the sheet", "image/png", "image/webp"), **problems(404, 422, 503)},
)
async def show_sheet(
    known: Known,
    layer: LayerName,
    n: Channel,
    deps: Deps,
    dataset: Dataset = None,
    format: Annotated[Format, Query()] = "png",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Six columns: negative optimized, minimum, slightly negative, slightly positive and maximum examples, positive
    optimized. Up to nine crops each, white where something is missing; 404 while there is nothing at all.
    """
    found = await run_in_threadpool(spectrum.find, deps, known.entry, known.unit(layer, n), n, dataset)
    if len(found.missing) == 3:
        unit = addresses.spectrum(known.entry.name, found.layer, n)
        raise NotFound(f"there is nothing to show of this unit yet; POST to {unit} asks for all of it")
    name = spectrum_sheet.name(found, format)
    made = await run_in_threadpool(deps.thumbnails.made, name)
    if made is None:
        make = partial(spectrum_sheet.draw, deps, found, format)
        made = await deps.making.get(name, partial(deps.thumbnails.other, name, make))
    private = deps.settings.auth_required
    return conditional(*made, f"image/{format}", if_none_match, immutable=False, private=private)


@router.get(
    addresses.spectrum(MODEL, LAYER, "{n}"),
    dependencies=[needs("read")],
    summary="The spectrum of a unit",
    responses={**answer(200, scan_samples.SPECTRUM), **problems(404, 422, 503)},
)
def show_spectrum(
    known: Known, layer: LayerName, n: Channel, deps: Deps, response: Response, dataset: Dataset = None
) -> Spectrum:
    """How an optimized picture compares with the images that excite the unit most: its pictures of both signs, and
    between them the images that raise it least, that lie around zero or the median, that raise it most. What is not
    there yet is in `missing`; nothing is asked for here.
    """
    response.headers["Cache-Control"] = "no-cache"
    return spectrum.find(deps, known.entry, known.unit(layer, n), n, dataset)


@router.post(
    addresses.spectrum(MODEL, LAYER, "{n}"),
    status_code=202,
    dependencies=[needs("render")],
    summary="Ask for what is missing of a spectrum",
    responses={
        **answer(202, scan_samples.ASKED_FOR, "on its way; `Location` has what is there of it", headers=_SENT),
        **answer(200, scan_samples.NOTHING_MISSING, "nothing is missing", headers=_SENT),
        **problems(404, 409, 422, 429, 503, 507),
    },
)
async def ask_for_spectrum(
    known: Known,
    layer: LayerName,
    n: Channel,
    deps: Deps,
    caller: Identified,
    response: Response,
    dataset: Dataset = None,
    idempotency_key: IdempotencyKey = None,
) -> AskedFor:
    """The pictures of both signs as one sweep, and a scan of this layer where there is none, each counted in a quota as
    if asked for by itself. It has no body.
    """
    found = await run_in_threadpool(spectrum.find, deps, known.entry, known.unit(layer, n), n, dataset)
    asked = await spectrum.ask(deps, found, caller.client, idempotency_key, response)
    response.headers["Location"] = address.shown(asked.links["spectrum"])
    if not found.missing:
        response.status_code = 200
    return asked
