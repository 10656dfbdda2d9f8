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
from featurelens.service.event_stream import LastEventId
from featurelens.service.job_stream import job_stream
from featurelens.service.openapi import answers
from featurelens.service.openapi.answers import GUARDED, problems
from featurelens.service.schemas.activations import Activations
from featurelens.service.schemas.attribution import Attribution
from featurelens.service.schemas.comparison import Comparison
from featurelens.service.schemas.filters import Filters
from featurelens.service.schemas.job import Job
from featurelens.service.schemas.maps import Maps
from featurelens.service.schemas.scan import Scan
from featurelens.service.schemas.visualization import Visualization

MOST = 100
"""Jobs of one stream."""

JOBS: tuple[type[Job], ...] = (Visualization, Activations, Maps, Filters, Attribution, Scan, Comparison)
"""What an event carries."""

_EXAMPLE = """retry: 2000

event: job
data: {"key":"fv1_...","status":"running","progress":{"stage":"rendering","step":40,"steps":128}}

event: unknown
data: "fa1_..."
id: 5b0dd8b5c22a7c1f
"""

router = APIRouter(tags=["jobs"], responses=GUARDED)


@router.get(
    addresses.EVENTS,
    dependencies=[needs("read")],
    summary="Watch many jobs as server-sent events",
    response_class=StreamingResponse,
    responses={**answers.job_stream(_EXAMPLE, *JOBS), **problems(404, 422, 503)},
)
async def watch_jobs(
    key: Annotated[
        list[str],
        Query(min_length=1, max_length=MOST, description="of jobs of any kinds", examples=[["fv1_" + "0" * 64]]),
    ],
    deps: Deps,
    caller: Identified,
    last_event_id: LastEventId = None,
) -> Response:
    """One connection for jobs of any kinds: each event `job` carries a whole resource, first as it is now, then
    whenever it changes; `unknown` names a key that nobody has asked for, or that has been forgotten. It ends when
    nothing more can come.

    Whoever comes back with `Last-Event-ID` hears all of them again where any has changed since; 204 when nothing has
    and nothing will.
    """
    kinds = {one: _kind(one) for one in dict.fromkeys(key)}
    jobs = await run_in_threadpool(_found, deps, kinds)
    watchers = {one: deps.views[kind.name].watcher for one, kind in kinds.items()}
    return job_stream(watchers, jobs, last_event_id, partial(still_allowed, deps, caller))


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
