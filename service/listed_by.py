"""What lists of jobs are filtered by, as parameters of an address. `JobIndex.page` knows what they mean."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from featurelens.jobs.spec.base import Sign

Sought = dict[str, Any]

_Model = Annotated[str | None, Query(max_length=200, description="canonical name or alias")]
_Layer = Annotated[str | None, Query(max_length=200)]
_Channel = Annotated[int | None, Query(ge=0, le=2**31 - 1)]


async def by_model(model: _Model = None) -> Sought:
    return {"model": model}


async def by_layer(model: _Model = None, layer: _Layer = None) -> Sought:
    return {"model": model, "layer": layer}


async def by_unit(model: _Model = None, layer: _Layer = None, channel: _Channel = None) -> Sought:
    return {"model": model, "layer": layer, "channel": channel}


async def by_picture(
    model: _Model = None, layer: _Layer = None, channel: _Channel = None, sign: Sign | None = None
) -> Sought:
    return {"model": model, "layer": layer, "channel": channel, "sign": sign}
