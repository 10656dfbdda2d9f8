"""Small pictures of the current step, there while somebody watches the events."""

from __future__ import annotations

from fastapi import APIRouter, Response

from featurelens.jobs import addresses
from featurelens.jobs.errors import NotFound
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue.previews import MEDIA_TYPE
from featurelens.service import job_requests
from featurelens.service.auth.access import needs
from featurelens.service.dependencies import Deps, Key
from featurelens.service.openapi.answers import GUARDED, binary, problems

router = APIRouter(tags=["visualizations"], responses=GUARDED)


@router.get(
    addresses.preview("{key}"),
    dependencies=[needs("read", or_token=True)],
    summary="The picture as it stands",
    response_class=Response,
    responses={**binary("at most 192 pixels on the longer side", MEDIA_TYPE), **problems(404, 503)},
)
def preview(key: Key, deps: Deps) -> Response:
    """Made at most twice a second, and only while somebody watches `events`; 404 when there is none (yet)."""
    found = deps.previews.get(key)
    if found is None:
        picture = job_requests.find(deps, VISUALIZATION, key).links.image
        reason = f"it is finished, see {picture}" if picture else "they are made while somebody watches its events"
        raise NotFound(f"no preview: {reason}")
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(found, media_type=MEDIA_TYPE, headers=headers)
