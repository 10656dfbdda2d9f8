"""Small pictures of the current step, there while somebody watches the events."""

from __future__ import annotations

from fastapi import APIRouter, Response

from featurelens.jobs.errors import NotFound
from featurelens.jobs.queue.previews import MEDIA_TYPE
from featurelens.service.dependencies import Deps, Key
from featurelens.service.endpoints.tokens import Opened
from featurelens.service.problems import declare

router = APIRouter(prefix="/v1/visualizations", tags=["visualizations"])


@router.get(
    "/{key}/preview",
    summary="The picture as it stands",
    response_class=Response,
    dependencies=[Opened],
    responses={
        200: {
            "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            "description": "at most 192 pixels on the longer side",
        },
        **declare(404, 503),
    },
)
def preview(key: Key, deps: Deps) -> Response:
    """Made at most twice a second, and only while somebody watches `events`; 404 when there is none (yet)."""
    found = deps.previews.get(key)
    if found is None:
        raise NotFound("no preview: they are made while somebody watches the events of a running picture")
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(found, media_type=MEDIA_TYPE, headers=headers)
