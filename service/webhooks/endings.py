"""What is told of jobs and sweeps that are over: the resource, as GET of its address tells it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.kinds import KINDS
from featurelens.service import sweep_requests, sweeps
from featurelens.service.dependencies import Dependencies
from featurelens.service.schemas.address import PREFIX
from featurelens.service.webhooks.deliveries import Delivery

_KINDS = {kind.prefix: kind.name for kind in KINDS}


def endings(deps: Dependencies, deliveries: Sequence[Delivery]) -> dict[str, bytes | None]:
    """By the ids of deliveries. None: not over yet; not in it: gone. Blocks."""
    by_kind: dict[str, list[str]] = {}
    found: dict[str, BaseModel | None] = {}
    for key in {one.key for one in deliveries}:
        if sweeps.ID_PATTERN.fullmatch(key):
            found |= _sweep(deps, key)
        elif (kind := _KINDS.get(key[:4])) is not None:
            by_kind.setdefault(kind, []).append(key)
        else:
            found[key] = None  # another version knows it, and tells of it
    for kind, keys in by_kind.items():
        for key, job in zip(keys, deps.views[kind].lookup.find_all(keys), strict=True):
            if job is not None:
                found[key] = job if not isinstance(job, OtherVersion) and job.over else None
    return {one.id: _written(found[one.key], one.prefix) for one in deliveries if one.key in found}


def _sweep(deps: Dependencies, id: str) -> dict[str, BaseModel | None]:
    try:
        sweep = deps.sweeps.find(id)
    except OtherVersion:
        return {id: None}
    if sweep is None:
        return {}
    shown = sweep_requests.shown(deps, sweep)
    return {id: shown if shown.status in {"finished", "cancelled"} else None}


def _written(resource: BaseModel | None, prefix: str) -> bytes | None:
    if resource is None:
        return None
    was = PREFIX.set(prefix)
    try:
        return resource.model_dump_json().encode()
    finally:
        PREFIX.reset(was)
