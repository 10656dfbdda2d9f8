"""What a network sees at one pixel of a photograph, layer by layer."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.errors import OutOfRange
from featurelens.jobs.spec.activations import MAX_LAYERS, MAX_UNITS
from featurelens.jobs.spec.base import Name
from featurelens.service.asking import Asking
from featurelens.service.auth.access import IdentifiedOrToken, needs
from featurelens.service.dependencies import ActivationsKey, Deps
from featurelens.service.here import here
from featurelens.service.map_requests import activations_spec, layer_maps
from featurelens.service.openapi import samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.schemas.map_numbers import Positions

router = APIRouter(tags=["activations"], responses=GUARDED)


@router.get(
    addresses.activations_positions("{key}"),
    dependencies=[needs("read", or_token=True)],
    summary="What the network sees at a place",
    responses={**answer(200, samples.POSITIONS), **problems(404, 409, 422, 429, 503, 507)},
)
async def show_positions(
    key: ActivationsKey,
    deps: Deps,
    caller: IdentifiedOrToken,
    x: Annotated[int, Query(ge=0, le=65535, description="pixels from the left, of what it was shown", examples=[112])],
    y: Annotated[int, Query(ge=0, le=65535, description="pixels from the top", examples=[112])],
    layer: Annotated[list[Name] | None, Query(max_length=MAX_LAYERS, description="default: all of `spec`")] = None,
    units: Annotated[int, Query(ge=1, le=MAX_UNITS, description="how many of each layer")] = 10,
    asking: Asking = True,
) -> Positions:
    """The position of each layer's maps that covers the pixel, the units that fire there, and a request that pictures
    all of it: what does the network see here? Maps that are not there yet are made as for a map.
    """
    spec = await activations_spec(deps, key)
    assert spec.size is not None
    height, width = spec.size
    for axis, pixel, pixels in (("x", x, width), ("y", y, height)):
        if pixel >= pixels:
            raise OutOfRange.at(
                axis, f"{axis} must be between 0 and {pixels - 1}: the network was shown {width}x{height}"
            )
    names = dict.fromkeys(layer or spec.layers or ())
    every = await asyncio.gather(*(layer_maps(deps, caller, key, name, asking=asking) for name in names))
    layers = await run_in_threadpool(lambda: [here(maps, x, y, units) for maps in every])
    return Positions(key=key, model=spec.model, x=x, y=y, width=width, height=height, layers=layers)
