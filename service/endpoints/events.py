"""Watching a visualization as server-sent events."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from featurelens.jobs import addresses
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.service import job_requests
from featurelens.service.auth.access import IdentifiedOrToken, needs
from featurelens.service.dependencies import Deps, Key
from featurelens.service.event_stream import LastEventId
from featurelens.service.openapi import answers
from featurelens.service.openapi.answers import GUARDED, problems
from featurelens.service.schemas.visualization import Visualization

_EXAMPLE = f"""retry: 2000
event: queued
data: {{"position":1}}
id: 5b0dd8b5c22a7c1f

event: progress
data: {{"stage":"rendering","step":40,"steps":128,"score":1.52,"seconds_left":2.1}}
id: 93a1f0c44be8d0aa

event: succeeded
data: {{"key":"fv1_...","status":"succeeded","links":{{"image":"{addresses.image("fv1_...")}"}}}}
id: 0f83ab11c09d5e77
"""

router = APIRouter(tags=["visualizations"], responses=GUARDED)


@router.get(
    addresses.events("{key}"),
    dependencies=[needs("read", or_token=True)],
    summary="Watch it as server-sent events",
    response_class=StreamingResponse,
    responses={**answers.event_stream(Visualization, _EXAMPLE), **problems(404, 503)},
)
async def events(
    key: Key,
    deps: Deps,
    caller: IdentifiedOrToken,
    last_event_id: LastEventId = None,
) -> Response:
    """How far it is, whenever that changes, then how it ended, with the whole resource. The end is always told.

    Whoever comes back with `Last-Event-ID` hears what has changed since; 204 when that was the end.
    """
    return await job_requests.watched(deps, VISUALIZATION, key, caller, last_event_id)
