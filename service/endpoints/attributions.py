"""Asking which pixels made a unit fire, watching it, stopping it, seeing it, taking the numbers, deleting them."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.kinds import ATTRIBUTION
from featurelens.jobs.spec.attribution import AttributionSpec
from featurelens.jobs.store.map_file import ATTRIBUTION_NAME, MapFile
from featurelens.service import job_requests
from featurelens.service.attribution_pictures import DRAWING, AttributionLook, picture
from featurelens.service.auth.access import GuardedRoute, needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps, JsonOnly, key_of
from featurelens.service.job_routes import JobRoutes
from featurelens.service.listed_by import by_unit
from featurelens.service.openapi import answers
from featurelens.service.openapi import attribution_samples as samples
from featurelens.service.openapi.answers import GUARDED, problems
from featurelens.service.responses import IfNoneMatch, conditional, stored
from featurelens.service.schemas.attribution import Attribution
from featurelens.service.thumbnails import Format, Width

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

JOBS = JobRoutes(
    ATTRIBUTION,
    addresses.ATTRIBUTIONS,
    "what the unit said, and how much of that is explained",
    finished=samples.ATTRIBUTION,
    underway=samples.QUEUED,
    cancelling=samples.CANCELLING,
    page=samples.PAGE,
    more=("image", "file"),
    sought=by_unit,
)

router = APIRouter(tags=["attributions"], responses=GUARDED, route_class=GuardedRoute)


@router.post(
    addresses.ATTRIBUTIONS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly, Counted],
    summary="Ask which pixels made a unit fire",
    responses=JOBS.asked,
)
async def ask(spec: Spec, deps: Deps, sent: job_requests.Sent, response: Response) -> Attribution:
    """By integrated gradients, occlusion or Grad-CAM, in float32 before the network as its author wrote it."""
    made: Attribution = await job_requests.submit(deps, ATTRIBUTION, spec, sent, response)
    return made


JOBS.declare(router)


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
    """Orange where a pixel raised the unit, blue where it lowered it; `scale` is what the darkest of both stand for."""
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
    private = deps.settings.auth_required
    found = stored(deps.store, key, ATTRIBUTION_NAME, "application/octet-stream", if_none_match, private=private)
    if found is None:
        raise JOBS.unfinished(key)
    return found


def _scale(deps: Deps, key: str) -> float:
    """Raises `NotFound` where nothing is finished."""
    found: Attribution | None = deps.views[ATTRIBUTION.name].lookup.find(key)
    if found is None or found.scale is None:
        raise JOBS.unfinished(key)
    return found.scale
