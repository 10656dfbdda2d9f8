"""Which pictures there are, newest first, by model, layer, channel, sign and status."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Annotated, Self
from urllib.parse import urlencode

from fastapi import APIRouter, BackgroundTasks, Query
from pydantic import BaseModel, Field

from featurelens.jobs.errors import Fault, InvalidSpec, UnknownModel
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue.records import Status
from featurelens.jobs.spec.base import Sign
from featurelens.service.dependencies import Dependencies, Deps
from featurelens.service.lookup import find_all
from featurelens.service.problems import declare
from featurelens.service.schemas.visualization import Links, Visualization

PATH = "/v1/visualizations"
MOST = 100

router = APIRouter(prefix=PATH, tags=["visualizations"])


class Summary(BaseModel):
    """A visualization in a list; `links.self` has all of it."""

    key: str
    status: Status
    model: str
    layer: str | None
    channel: int | None
    sign: Sign
    objective: str
    created: datetime
    finished: datetime | None
    links: Links

    @classmethod
    def of(cls, whole: Visualization) -> Self:
        spec = whole.spec
        return cls(
            key=whole.key,
            status=whole.status,
            model=spec.model,
            layer=spec.layer,
            channel=spec.listed_channel,
            sign=spec.sign,
            objective=spec.objective.type,
            created=whole.created,
            finished=whole.finished,
            links=whole.links,
        )


class Visualizations(BaseModel):
    """One page."""

    visualizations: list[Summary]
    next: str | None = Field(description="the next page; null: this was the last")
    complete: bool = Field(description="false while the list is made anew from the stored pictures")


@router.get("", summary="The pictures there are", responses=declare(422, 503))
def list_visualizations(
    deps: Deps,
    background: BackgroundTasks,
    model: Annotated[str | None, Query(max_length=200, description="canonical name or alias")] = None,
    layer: Annotated[str | None, Query(max_length=200)] = None,
    channel: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    sign: Sign | None = None,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 20,
    cursor: Annotated[str | None, Query(max_length=64, description="from `next` of the page before")] = None,
) -> Visualizations:
    """Asked for last comes first. A page may be shorter than `limit`, even empty, and have a next one."""
    complete = deps.index.complete()
    if not complete:
        background.add_task(lambda: deps.index.rebuild(deps.store.results()))
    wanted = {"layer": layer, "channel": channel, "sign": sign, "status": status}
    canonical = _canonical(deps, model)
    lines, last = deps.index.page(
        VISUALIZATION, limit, _decoded(cursor), model=canonical, layer=layer, channel=channel, sign=sign, status=status
    )
    keys = [line.key for line in lines]
    seen = find_all(deps.store, deps.queue, keys) if keys else []
    deps.index.forget(*(line.key for line, whole in zip(lines, seen, strict=True) if whole is None))
    shown = [Summary.of(whole) for whole in seen if whole is not None and status in {None, whole.status}]
    query = {"model": model, **wanted, "limit": limit, "cursor": None if last is None else _encoded(last)}
    following = f"{PATH}?{urlencode({name: value for name, value in query.items() if value is not None})}"
    return Visualizations(visualizations=shown, next=following if last is not None else None, complete=complete)


def _canonical(deps: Dependencies, model: str | None) -> str | None:
    """A model that is gone may still have pictures."""
    if model is None:
        return None
    try:
        return deps.catalog.model(model).name
    except UnknownModel:
        return model


def _encoded(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _decoded(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        position = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        position = ""
    if re.fullmatch(r"-?\d{1,16}", position, re.ASCII):
        return position
    raise InvalidSpec("no page begins at this cursor", (Fault("cursor", "take it from `next` of the page before"),))
