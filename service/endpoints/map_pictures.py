"""The maps of activations, looked at: each as a picture or as numbers, the top ones on a sheet, attention by head."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.service import map_looks
from featurelens.service.asking import Asking
from featurelens.service.auth.access import IdentifiedOrToken, needs
from featurelens.service.dependencies import ActivationsKey, Dependencies, Deps
from featurelens.service.job_requests import RETRY_AFTER
from featurelens.service.map_looks import MEDIA_TYPES, By, Look, MapFormat, Scale, SheetFormat, Shown
from featurelens.service.map_requests import LayerMaps, layer_maps, maps_job
from featurelens.service.names_in_paths import LAYER
from featurelens.service.openapi import samples
from featurelens.service.openapi.answers import GUARDED, answer, looked, problems
from featurelens.service.openapi.links import from_job
from featurelens.service.responses import IfNoneMatch, conditional
from featurelens.service.schemas.maps import Maps, Value
from featurelens.service.thumbnails import Width

Layer = Annotated[str, Path(max_length=200, description="a name from /v1/models/{model}/layers", examples=["conv4"])]


async def _maps(
    key: ActivationsKey, layer: Layer, deps: Deps, caller: IdentifiedOrToken, asking: Asking = True
) -> LayerMaps:
    return await layer_maps(deps, caller, key, layer, asking=asking)


Known = Annotated[LayerMaps, Depends(_maps)]
Which = Annotated[Value, Query(description="preactivation: what stands before the ReLU that the layer ends in")]
Over = Annotated[Literal["photo"] | None, Query(description="photo: laid over the photograph, zero is transparent")]
Scaled = Annotated[Scale, Query(description="whose largest number the darkest colors stand for")]
Column = Annotated[int | None, Query(ge=0, le=65535, description="column of the map, from the left")]
Row = Annotated[int | None, Query(ge=0, le=65535, description="row of the map, from the top")]
Format = Annotated[MapFormat, Query(description="npy: the numbers, float32; json: the same of small maps")]
MapWidth = Annotated[Width | None, Query(description="pixels; left out, about as large as the network was shown it")]

_REFUSED = problems(404, 409, 422, 429, 503, 507)

router = APIRouter(tags=["activations"], responses=GUARDED)
# Names may hold slashes: the longest addresses come first, or all that follows a name would be taken for a part of it.


@router.get(
    addresses.activations_attention("{key}", LAYER, "{head:int}"),
    dependencies=[needs("read", or_token=True)],
    summary="What a head attends to",
    response_class=Response,
    responses={**looked("the attention", samples.ATTENTION_NUMBERS), **_REFUSED},
)
async def show_attention(
    known: Known,
    head: Annotated[int, Path(le=2**31 - 1, description="counted from 0", examples=[0])],
    deps: Deps,
    x: Column = None,
    y: Row = None,
    over: Over = None,
    width: MapWidth = None,
    format: Format = "png",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Of a `torch.nn.MultiheadAttention`, in the layer or the layer itself: where the token at `x`, `y` attends to, or
    where the class token does.
    """

    def look() -> Shown:
        position = map_looks.check_position(known, x, y)
        return map_looks.attention(known, head, position, Look(format, over, width, position))

    return await _answered(deps, await run_in_threadpool(look), if_none_match)


@router.get(
    addresses.activations_sheet("{key}", LAYER),
    dependencies=[needs("read", or_token=True)],
    summary="The maps that respond most",
    response_class=Response,
    responses={**looked("the sheet", samples.TOP_UNITS, "image/png", "image/webp"), **_REFUSED},
)
async def show_sheet(
    known: Known,
    deps: Deps,
    by: Annotated[By, Query(description="the largest maximum or mean, or the smallest minimum")] = "maximum",
    count: Annotated[int, Query(ge=1, le=100)] = 16,
    value: Which = "activation",
    scale: Scaled = "layer",
    over: Over = None,
    format: Annotated[SheetFormat, Query(description="json: which units they are")] = "png",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Side by side, the first at the top left, each with the number of its channel; `Featurelens-Channels` has them,
    too.
    """
    shown = await run_in_threadpool(map_looks.top_sheet, known, value, by, count, scale, over, format)
    return await _answered(deps, shown, if_none_match)


@router.get(
    addresses.activations_map("{key}", LAYER, "{channel:int}"),
    dependencies=[needs("read", or_token=True)],
    summary="The feature map of a unit",
    response_class=Response,
    responses={**looked("the map", samples.MAP_NUMBERS), **_REFUSED},
)
async def show_map(
    known: Known,
    channel: Annotated[int, Path(le=2**31 - 1, description="counted from 0", examples=[2])],
    deps: Deps,
    value: Which = "activation",
    scale: Scaled = "map",
    over: Over = None,
    x: Column = None,
    y: Row = None,
    width: MapWidth = None,
    format: Format = "png",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """White is zero, orange above it, blue below; the darkest of both stand for plus and minus `Featurelens-Scale`, and
    `Featurelens-Value` says which numbers it shows.

    `x` and `y` frame a position, over the photograph its receptive field as well, the whole picture where that is not
    defined; `Featurelens-Receptive-Field` has its left, top, right and bottom in pixels of the photograph as the
    network was shown it. Maps that nobody has asked for yet are made while you wait, where your key may ask for work
    (in a quota that counts as a request), else 403; with `ask=false` they are 404 instead, for everybody.
    """

    def look() -> Shown:
        position = map_looks.check_position(known, x, y)
        return map_looks.one_map(known, channel, value, scale, Look(format, over, width, position))

    return await _answered(deps, await run_in_threadpool(look), if_none_match)


@router.get(
    addresses.activations_maps("{key}", LAYER),
    dependencies=[needs("read", or_token=True)],
    summary="The feature maps of a layer",
    responses={**answer(200, samples.MAPS, links=from_job("maps", "file")), **_REFUSED},
)
async def show_maps(
    key: ActivationsKey,
    layer: Layer,
    deps: Deps,
    caller: IdentifiedOrToken,
    response: Response,
    asking: Asking = True,
) -> Maps:
    """How many there are, how large, and what numbers are in them; or how far the job is that makes them."""
    found = await maps_job(deps, caller, key, layer, asking=asking)
    response.headers["Cache-Control"] = "no-cache"
    if not found.over:
        response.headers["Retry-After"] = RETRY_AFTER
    return found


async def _answered(deps: Dependencies, shown: Shown, if_none_match: str | None) -> Response:
    """Pictures are made by few at once and kept, as thumbnails are."""
    if shown.format in {"png", "webp"}:
        made = await run_in_threadpool(deps.thumbnails.made, shown.name)
        make = partial(deps.thumbnails.other, shown.name, shown.make)
        body, digest = made or await deps.making.get(shown.name, make)
    else:
        body = await run_in_threadpool(shown.make)
        digest = sha256(body).hexdigest()
    private = deps.settings.auth_required
    response = conditional(body, digest, MEDIA_TYPES[shown.format], if_none_match, private=private)
    response.headers.update(shown.headers)
    return response
