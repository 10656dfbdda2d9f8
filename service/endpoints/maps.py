"""Asking for all maps of a layer, watching it, stopping it, taking the numbers, deleting them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Response
from fastapi.responses import StreamingResponse

from featurelens.jobs import addresses
from featurelens.jobs.errors import NotFound
from featurelens.jobs.kinds import MAPS
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.store.map_file import FILE_NAME
from featurelens.service import job_requests
from featurelens.service.auth.access import GuardedRoute, Identified, needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps, JsonOnly, key_of
from featurelens.service.event_stream import LastEventId
from featurelens.service.openapi import answers, samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.openapi.links import from_maps
from featurelens.service.responses import IfNoneMatch, conditional
from featurelens.service.schemas.maps import Maps

_EXAMPLE = """retry: 2000
event: progress
data: {"stage":"reading","step":0,"steps":1,"score":null,"seconds_left":null}
id: 93a1f0c44be8d0aa

event: succeeded
data: {"key":"fm1_...","status":"succeeded","channels":96,"height":24,"width":24}
id: 0f83ab11c09d5e77
"""

Spec = Annotated[
    MapsSpec,
    Body(
        openapi_examples={
            "layer": {
                "summary": "a layer of the bundled network, before an uploaded photograph",
                "value": {"model": "patternnet", "layer": "conv4", "photo": "sha256:" + "0" * 64},
            }
        }
    ),
]


Key = Annotated[str, Depends(key_of(MAPS))]

router = APIRouter(tags=["maps"], responses=GUARDED, route_class=GuardedRoute)


@router.post(
    addresses.MAPS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly, Counted],
    summary="Ask for all feature maps of a layer",
    responses={
        **answer(202, samples.MAPS_QUEUED, "on its way; `Location` says where to watch", from_maps()),
        **answer(200, samples.MAPS, "made before, `Cache-Status: featurelens; hit`, or while you waited", from_maps()),
        **problems(400, 408, 409, 413, 415, 422, 429, 503, 507),
    },
)
async def ask(spec: Spec, deps: Deps, sent: job_requests.Sent, response: Response) -> Maps:
    """One forward pass over a photograph, and every number that one layer answers, in float32, in one file.

    To look at them as pictures, see `/v1/activations/{key}/maps`, which asks for them by itself.
    """
    maps: Maps = await job_requests.submit(deps, MAPS, spec, sent, response)
    return maps


@router.get(
    addresses.maps("{key}"),
    dependencies=[needs("read")],
    summary="How far they are, or what they are",
    responses={**answer(200, samples.MAPS, links=from_maps()), **problems(404, 503)},
)
def show(key: Key, deps: Deps, response: Response) -> Maps:
    """Status and progress until they are finished, then shape and range."""
    maps: Maps = job_requests.show(deps, MAPS, key, response)
    return maps


@router.get(
    addresses.maps_events("{key}"),
    dependencies=[needs("read")],
    summary="Watch them as server-sent events",
    response_class=StreamingResponse,
    responses={**answers.event_stream(Maps, _EXAMPLE), **problems(404, 503)},
)
async def events(key: Key, deps: Deps, caller: Identified, last_event_id: LastEventId = None) -> Response:
    """As for visualizations, without previews and tokens."""
    return await job_requests.watched(deps, MAPS, key, caller, last_event_id)


@router.get(
    addresses.maps_file("{key}"),
    dependencies=[needs("read")],
    summary="All of them as numbers",
    response_class=Response,
    responses={
        **answers.conditional("arrays in the safetensors format", "application/octet-stream"),
        **problems(404, 503),
    },
)
def file(key: Key, deps: Deps, if_none_match: IfNoneMatch = None) -> Response:
    """`activation` and, where the layer ends in ReLU, `preactivation` (channels, height, width) in float32; of both the
    `.maximum`, `.minimum` and `.mean` of each map; `photograph`, as the network was shown it (height, width, colors);
    of transformers `first` (channels, tokens) and `attention` (heads, queries, keys).
    """
    found = deps.store.file(key, FILE_NAME)
    if found is None:
        raise NotFound(f"no finished maps here; how far they are: {addresses.maps(key)}")
    private = deps.settings.auth_required
    return conditional(*found, "application/octet-stream", if_none_match, private=private, filename=FILE_NAME)


@router.delete(
    addresses.maps("{key}"),
    dependencies=[needs("render")],
    summary="Want them no more",
    responses={
        **answer(200, samples.MAPS_QUEUED, "stopped, or still done for others", from_maps()),
        **answer(202, samples.MAPS_CANCELLING, "they are being stopped", from_maps()),
        **problems(404, 409, 503),
    },
)
def leave(key: Key, deps: Deps, response: Response) -> Maps:
    """Takes back one request, as for activations. 409 when it has ended."""
    deleted = "a finished result is deleted under /result"
    maps: Maps = job_requests.leave(deps, MAPS, key, response, deleted=deleted)
    return maps


@router.delete(
    addresses.maps_result("{key}"),
    status_code=204,
    dependencies=[needs("admin")],
    summary="Delete finished maps",
    responses=problems(404, 503),
)
def delete(key: Key, deps: Deps) -> None:
    """Out of the store, for everybody; looked at again, they are made anew."""
    job_requests.delete(deps, key, NotFound(f"no finished result here; how far it is: {addresses.maps(key)}"))
