"""Asking what a network sees in a photograph, watching it, stopping it, deleting it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response

from featurelens.jobs import addresses
from featurelens.jobs.kinds import ACTIVATIONS
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.service import job_requests
from featurelens.service.auth.access import GuardedRoute, needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps, JsonOnly
from featurelens.service.job_routes import JobRoutes
from featurelens.service.openapi import samples
from featurelens.service.openapi.answers import GUARDED
from featurelens.service.schemas.activations import Activations

Spec = Annotated[
    ActivationsSpec,
    Body(
        openapi_examples={
            "photograph": {
                "summary": "an uploaded photograph, before the bundled network",
                "value": {"model": "patternnet", "photo": "sha256:" + "0" * 64},
            }
        }
    ),
]


JOBS = JobRoutes(
    ACTIVATIONS,
    addresses.ACTIVATIONS,
    "what the network sees",
    finished=samples.ACTIVATIONS,
    underway=samples.ACTIVATIONS_QUEUED,
    cancelling=samples.ACTIVATIONS_CANCELLING,
    page=samples.ACTIVATIONS_PAGE,
)

router = APIRouter(tags=["activations"], responses=GUARDED, route_class=GuardedRoute)


@router.post(
    addresses.ACTIVATIONS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly, Counted],
    summary="Ask what a network sees in a photograph",
    responses=JOBS.asked,
)
async def ask(spec: Spec, deps: Deps, sent: job_requests.Sent, response: Response) -> Activations:
    """One forward pass over an uploaded photograph, no optimization: for each layer the units that respond most and
    least, by their largest or smallest activation and where it is, and by the mean; and the class probabilities.

    In float32, before the network as its author wrote it. The same question is answered once.
    """
    activations: Activations = await job_requests.submit(deps, ACTIVATIONS, spec, sent, response)
    return activations


JOBS.declare(router)
