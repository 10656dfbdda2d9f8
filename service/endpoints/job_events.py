"""Watching many jobs at once."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.errors import NotFound, OtherVersion
from featurelens.jobs.kinds import KINDS
from featurelens.jobs.kinds.base import KEY_PATTERN, Kind
from featurelens.service.auth.access import Identified, needs, still_allowed
from featurelens.service.dependencies import Dependencies, Deps
from featurelens.service.job_stream import job_stream
from featurelens.service.openapi.answers import GUARDED, problems
from featurelens.service.schemas.job import Job

MOST = 100
"""Jobs of one stream."""

_EXAMPLE = """retry: 2000

event: job
data: {"key":"fv1_...","status":"running","progress":{"stage":"rendering","step":40,"steps":128}}

event: unknown
data: "fa1_..."
"""

router = APIRouter(tags=["jobs"], responses=GUARDED)


@router.get(
    addresses.EVENTS,
    dependencies=[needs("read")],
    summary="Watch many jobs as server-sent events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}}},
        **problems(404, 422, 503),
    },
)
async def watch_jobs(
    key: Annotated[list[str], Query(max_length=MOST, description="of jobs of any kinds")],
    deps: Deps,
    caller: Identified,
) -> Response:
    """One connection for jobs of any kinds: each event `job` carries a whole resource, first as it is now, then
    whenever it changes; `unknown` names a key that nobody has asked for. It ends when all of them have.
    """
    kinds = {one: _kind(one) for one in dict.fromkeys(key)}
    jobs = await run_in_threadpool(_found, deps, kinds)
    watchers = {one: deps.views[kind.name].watcher for one, kind in kinds.items()}
    return job_stream(watchers, jobs, partial(still_allowed, deps, caller))


def _kind(key: str) -> Kind[Any]:
    for kind in KINDS:
        if KEY_PATTERN.fullmatch(key) and key.startswith(kind.prefix):
            return kind
    raise NotFound(f"no job has the key {key[:80]}: it is {', '.join(kind.prefix for kind in KINDS)} and 64 hex digits")


def _found(deps: Dependencies, kinds: dict[str, Kind[Any]]) -> dict[str, Job | None]:
    """What there is of each key, with one look for each kind. Blocks."""
    found: dict[str, Job | None] = dict.fromkeys(kinds)
    for kind in KINDS:
        keys = [key for key, one in kinds.items() if one is kind]
        jobs = deps.views[kind.name].lookup.find_all(keys) if keys else []
        found.update({key: None if isinstance(job, OtherVersion) else job for key, job in zip(keys, jobs, strict=True)})
    return found
