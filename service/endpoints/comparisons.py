"""Asking how alike the paths of a picture and of its best examples are, watching it, stopping it, deleting it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response

from featurelens.jobs import addresses
from featurelens.jobs.kinds import COMPARISON
from featurelens.service import comparisons, job_requests
from featurelens.service.auth.access import GuardedRoute, needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps, JsonOnly
from featurelens.service.job_routes import JobRoutes
from featurelens.service.listed_by import by_likeness
from featurelens.service.openapi import comparison_samples as samples
from featurelens.service.openapi.answers import GUARDED
from featurelens.service.schemas.comparison import Comparison
from featurelens.service.schemas.comparison_request import ComparisonRequest

Request = Annotated[
    ComparisonRequest,
    Body(
        openapi_examples={
            "picture": {
                "summary": "a finished picture, beside the bundled patterns",
                "value": {"visualization": "fv1_" + "0" * 64, "dataset": "patterns"},
            }
        }
    ),
]

JOBS = JobRoutes(
    COMPARISON,
    addresses.COMPARISONS,
    "how alike the paths are",
    finished=samples.COMPARISON,
    underway=samples.QUEUED,
    cancelling=samples.CANCELLING,
    page=samples.PAGE,
    sought=by_likeness,
)

router = APIRouter(tags=["comparisons"], responses=GUARDED, route_class=GuardedRoute)


@router.post(
    addresses.COMPARISONS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly, Counted],
    summary="Ask how alike a picture and the best examples are processed",
    responses=JOBS.asked,
)
async def ask(request: Request, deps: Deps, sent: job_requests.Sent, response: Response) -> Comparison:
    """A pass over a finished picture and one over each image: how alike is what the layers on the way to the unit say?
    Beside that, how alike the examples are among themselves and to other images, and pictures of other seeds. The
    picture's `evidence` carries it, too.

    Needs a finished scan with the unit's layer, of the data set as it is now, at the picture's size; 422 tells which.
    """
    spec = await comparisons.specified(deps, request)
    made: Comparison = await job_requests.submit(deps, COMPARISON, spec, sent, response)
    return made


JOBS.declare(router)
