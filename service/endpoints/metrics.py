"""What a monitoring system scrapes."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from featurelens.jobs import addresses
from featurelens.service.auth.access import needs
from featurelens.service.dependencies import Deps
from featurelens.service.metrics import exposition
from featurelens.service.openapi.answers import GUARDED

router = APIRouter(tags=["health"], responses=GUARDED)


@router.get(
    addresses.METRICS,
    dependencies=[needs("read")],
    summary="Figures for a monitoring system",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus' text"}},
)
def metrics(deps: Deps) -> Response:
    """Told even while the job queue is away: `featurelens_broker_up` is 0 then, and what lives there is left out."""
    return Response(exposition(deps), media_type=CONTENT_TYPE_LATEST)
