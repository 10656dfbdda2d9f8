"""What lists of jobs are filtered and sorted by, as parameters of an address.

`JobIndex.page` and `service.ranking` know what they mean.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query

from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.scan import DatasetName
from featurelens.service.ranking import Order, Sorting
from featurelens.service.schemas.comparison import ComparisonSort
from featurelens.service.standings import PictureSort

Sought = dict[str, Any]

_Model = Annotated[str | None, Query(max_length=200, description="canonical name or alias")]
_Layer = Annotated[str | None, Query(max_length=200)]
_Channel = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
_Order = Annotated[Order, Query(description="with `sort`")]
_UNKNOWN = "those of which it is not known come last; left out: by when they were asked for"


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


async def by_standing(
    sought: Annotated[Sought, Depends(by_picture)],
    sort: Annotated[
        PictureSort | None,
        Query(
            description="by what they reach (`activation`), how that compares with a data set (`ratio`, `percentile`), "
            f"how alike both are processed (`likeness`, `likeness_of_means`); {_UNKNOWN}"
        ),
    ] = None,
    order: _Order = "descending",
    dataset: Annotated[
        DatasetName | None, Query(description="with `sort`: beside which; default: the one scanned last")
    ] = None,
) -> Sought:
    return {**sought, "sorting": None if sort is None else Sorting(sort, order, dataset)}


async def by_likeness(
    sought: Annotated[Sought, Depends(by_picture)],
    sort: Annotated[
        ComparisonSort | None,
        Query(description=f"by how alike the unit's own layer answers (`normalized`, or that of `means`); {_UNKNOWN}"),
    ] = None,
    order: _Order = "descending",
) -> Sought:
    return {**sought, "sorting": None if sort is None else Sorting(sort, order)}
