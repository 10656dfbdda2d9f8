"""Asking which pixels made a unit fire, watching it, stopping it, seeing it, taking the numbers, deleting them."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.errors import NotFound
from featurelens.jobs.kinds import ATTRIBUTION
from featurelens.jobs.spec.attribution import AttributionSpec
from featurelens.jobs.store.map_file import ATTRIBUTION_NAME, MapFile
from featurelens.service import job_requests
from featurelens.service.attribution_pictures import DRAWING, AttributionLook, picture
from featurelens.service.auth.access import GuardedRoute, Identified, IdentifiedOrToken, needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps, JsonOnly, key_of
from featurelens.service.event_stream import LastEventId
from featurelens.service.openapi import answers
from featurelens.service.openapi import attribution_samples as samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.openapi.links import from_attribution
from featurelens.service.openapi.samples import TOKEN
from featurelens.service.responses import IfNoneMatch, conditional
from featurelens.service.schemas.attribution import Attribution
from featurelens.service.schemas.token import Token
from featurelens.service.thumbnails import Format, Width

_EXAMPLE = """retry: 2000
event: progress
data: {"stage":"reading","step":14,"steps":64,"score":null,"seconds_left":0.7}
id: 93a1f0c44be8d0aa

event: succeeded
data: {"key":"ft1_...","status":"succeeded","explained":2.5,"completeness_error":0.002}
id: 0f83ab11c09d5e77
"""

_UNIT = {"model": "patternnet", "photo": "sha256:" + "0" * 64, "layer": "logits", "channel": 2}

Spec = Annotated[
    AttributionSpec,
    Body(
        openapi_examples={
            "gradients": {"summary": "a class of the bundled network, by integrated gradients", "value": _UNIT},
            "occlusion": {
                "summary": "the same, by covering squares of 12 pixels",
                "value": {**_UNIT, "method": {"type": "occlusion", "window": 12, "stride": 4}},
            },
            "grad_cam": {
                "summary": "the same, by the maps of a layer before it",
                "value": {**_UNIT, "method": {"type": "grad_cam", "layer": "conv6"}},
            },
        }
    ),
]


Key = Annotated[str, Depends(key_of(ATTRIBUTION))]

router = APIRouter(tags=["attributions"], responses=GUARDED, route_class=GuardedRoute)


@router.post(
    addresses.ATTRIBUTIONS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly, Counted],
    summary="Ask which pixels made a unit fire",
    responses={
        **answer(202, samples.QUEUED, "on its way; `Location` says where to watch", from_attribution()),
        **answer(
            200,
            samples.ATTRIBUTION,
            "made before, `Cache-Status: featurelens; hit`, or while you waited",
            from_attribution(),
        ),
        **problems(400, 408, 409, 413, 415, 422, 429, 503, 507),
    },
)
async def ask(spec: Spec, deps: Deps, sent: job_requests.Sent, response: Response) -> Attribution:
    """By integrated gradients, occlusion or Grad-CAM, in float32 before the network as its author wrote it."""
    made: Attribution = await job_requests.submit(deps, ATTRIBUTION, spec, sent, response)
    return made


@router.get(
    addresses.attribution("{key}"),
    dependencies=[needs("read")],
    summary="How far it is, or what it says",
    responses={**answer(200, samples.ATTRIBUTION, links=from_attribution()), **problems(404, 503)},
)
def show(key: Key, deps: Deps, response: Response) -> Attribution:
    """Status and progress until it is finished, then what the unit said and how much of that is explained."""
    found: Attribution = job_requests.show(deps, ATTRIBUTION, key, response)
    return found


@router.get(
    addresses.attribution_events("{key}"),
    dependencies=[needs("read", or_token=True)],
    summary="Watch it as server-sent events",
    response_class=StreamingResponse,
    responses={**answers.event_stream(Attribution, _EXAMPLE), **problems(404, 503)},
)
async def events(key: Key, deps: Deps, caller: IdentifiedOrToken, last_event_id: LastEventId = None) -> Response:
    """As for visualizations, without previews; a step is a picture on the way, or a window."""
    return await job_requests.watched(deps, ATTRIBUTION, key, caller, last_event_id)


@router.get(
    addresses.attribution_token("{key}"),
    dependencies=[needs("read")],
    summary="A token that opens events and picture in a browser",
    responses={**answer(200, TOKEN), **problems(404)},
)
def token(key: Key, deps: Deps, caller: Identified, response: Response) -> Token:
    """As for visualizations: for a quarter of an hour, to look at this one."""
    return job_requests.opened(deps, key, caller, response)


@router.get(
    addresses.attribution_image("{key}"),
    dependencies=[needs("read", or_token=True)],
    summary="The attribution as a picture",
    response_class=Response,
    responses={**answers.conditional("the picture", "image/png", "image/webp"), **problems(404, 422, 503)},
)
async def image(
    key: Key,
    deps: Deps,
    over: Annotated[
        Literal["photo"] | None, Query(description="photo: laid over the photograph, zero is transparent")
    ] = None,
    width: Annotated[Width | None, Query(description="pixels; left out, those that the network was shown")] = None,
    format: Format = "png",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Red where a pixel raised the unit, blue where it lowered it; `scale` is what the darkest of both stand for."""
    look = AttributionLook(over, width, format)
    name = f"{sha256(repr((DRAWING, key, look)).encode()).hexdigest()}-attribution.{format}"
    scale = await run_in_threadpool(_scale, deps, key)

    def drawn() -> bytes:
        return picture(MapFile(partial(deps.store.file_part, key, ATTRIBUTION_NAME)), scale, look)

    made = await run_in_threadpool(deps.thumbnails.made, name)
    body, digest = made or await deps.making.get(name, partial(deps.thumbnails.other, name, drawn))
    return conditional(body, digest, f"image/{format}", if_none_match, private=deps.settings.auth_required)


@router.get(
    addresses.attribution_file("{key}"),
    dependencies=[needs("read")],
    summary="The attribution as numbers",
    response_class=Response,
    responses={
        **answers.conditional("arrays in the safetensors format", "application/octet-stream"),
        **problems(404, 503),
    },
)
def file(key: Key, deps: Deps, if_none_match: IfNoneMatch = None) -> Response:
    """`attribution` (height, width) in float32; by integrated gradients `colors` (channels, height, width), whose sum
    it is; by Grad-CAM `map`, in the positions of its layer; `photograph`, as the network was shown it.
    """
    found = deps.store.file(key, ATTRIBUTION_NAME)
    if found is None:
        raise _unfinished(key)
    private = deps.settings.auth_required
    return conditional(*found, "application/octet-stream", if_none_match, private=private, filename=ATTRIBUTION_NAME)


@router.delete(
    addresses.attribution("{key}"),
    dependencies=[needs("render")],
    summary="Want it no more",
    responses={
        **answer(200, samples.QUEUED, "stopped, or still done for others", from_attribution()),
        **answer(202, samples.CANCELLING, "it is being stopped", from_attribution()),
        **problems(404, 409, 503),
    },
)
def leave(key: Key, deps: Deps, response: Response) -> Attribution:
    """Takes back one request, as for activations. 409 when it has ended."""
    deleted = "a finished result is deleted under /result"
    left: Attribution = job_requests.leave(deps, ATTRIBUTION, key, response, deleted=deleted)
    return left


@router.delete(
    addresses.attribution_result("{key}"),
    status_code=204,
    dependencies=[needs("admin")],
    summary="Delete a finished attribution",
    responses=problems(404, 503),
)
def delete(key: Key, deps: Deps) -> None:
    """Out of the store, for everybody; asked for again, it is made anew."""
    job_requests.delete(deps, key, _unfinished(key))


def _scale(deps: Deps, key: str) -> float:
    """Raises `NotFound` where nothing is finished."""
    found: Attribution | None = deps.views[ATTRIBUTION.name].lookup.find(key)
    if found is None or found.scale is None:
        raise _unfinished(key)
    return found.scale


def _unfinished(key: str) -> NotFound:
    return NotFound(f"no finished attribution here; how far it is: {addresses.attribution(key)}")
