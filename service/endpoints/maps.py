"""Asking for all maps of a layer, watching it, stopping it, taking the numbers, deleting them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Response

from featurelens.jobs import addresses
from featurelens.jobs.kinds import MAPS
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.store.map_file import FILE_NAME
from featurelens.service import job_requests
from featurelens.service.auth.access import GuardedRoute, needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps, JsonOnly, key_of
from featurelens.service.job_routes import JobRoutes
from featurelens.service.listed_by import by_layer
from featurelens.service.openapi import answers, samples
from featurelens.service.openapi.answers import GUARDED, problems
from featurelens.service.responses import IfNoneMatch, stored
from featurelens.service.schemas.maps import Maps

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

JOBS = JobRoutes(
    MAPS,
    addresses.MAPS,
    "what they are",
    finished=samples.MAPS,
    underway=samples.MAPS_QUEUED,
    cancelling=samples.MAPS_CANCELLING,
    page=samples.MAPS_PAGE,
    more=("file",),
    sought=by_layer,
)

router = APIRouter(tags=["maps"], responses=GUARDED, route_class=GuardedRoute)


@router.post(
    addresses.MAPS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly, Counted],
    summary="Ask for all feature maps of a layer",
    responses=JOBS.asked,
)
async def ask(spec: Spec, deps: Deps, sent: job_requests.Sent, response: Response) -> Maps:
    """One forward pass over a photograph, and every number that one layer answers, in float32, in one file.

    To look at them as pictures, see `/v1/activations/{key}/maps`, which asks for them by itself.
    """
    maps: Maps = await job_requests.submit(deps, MAPS, spec, sent, response)
    return maps


JOBS.declare(router)


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
    private = deps.settings.auth_required
    found = stored(deps.store, key, FILE_NAME, "application/octet-stream", if_none_match, private=private)
    if found is None:
        raise JOBS.unfinished(key)
    return found
