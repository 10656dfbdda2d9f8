"""The units of a layer with their pictures, for a grid."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.spec.base import Sign
from featurelens.service.auth.access import needs
from featurelens.service.dependencies import Deps
from featurelens.service.described import Known, LayerName
from featurelens.service.names_in_paths import LAYER, MODEL
from featurelens.service.openapi import unit_samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.schemas.layer_units import LayerUnits

MOST = 4096
"""Units on a page."""

router = APIRouter(tags=["models"], responses=GUARDED)
# Names may hold slashes: this address comes before that of a layer, or it would be taken for one (`endpoints.models`).


@router.get(
    addresses.units(MODEL, LAYER),
    dependencies=[needs("read")],
    summary="Its units",
    responses={**answer(200, unit_samples.LAYER_UNITS), **problems(404, 422, 503)},
)
async def list_units(
    known: Known,
    layer: LayerName,
    deps: Deps,
    sign: Annotated[Sign | None, Query(description="default: both")] = None,
    first: Annotated[int, Query(alias="from", ge=0, le=2**31 - 1, description="the first channel to be told of")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 512,
) -> LayerUnits:
    """In the order of channels, with the newest finished picture of either sign, whatever its specification; it asks
    for none.
    """
    entry, found = known.entry, known.layer(layer)
    units, complete = await run_in_threadpool(deps.layer_pictures.of, entry, found, first, limit, sign)
    if not complete:
        deps.whole_index.check()
    following = addresses.with_query(
        addresses.units(entry.name, found.name), {"sign": sign, "from": first + limit, "limit": limit}
    )
    more = first + limit < found.channels
    return LayerUnits(
        model=entry.name,
        layer=found.name,
        total=found.channels,
        units=units,
        next=following if more else None,
        complete=complete,
    )
