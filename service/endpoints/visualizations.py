"""Asking for visualizations, watching them, stopping them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service import estimates, job_requests
from featurelens.service.auth.access import GuardedRoute, needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps, JsonOnly, Key
from featurelens.service.job_routes import JobRoutes
from featurelens.service.listed_by import by_standing
from featurelens.service.openapi import estimate_samples, samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.schemas.estimate import VisualizationEstimate
from featurelens.service.schemas.visualization import Visualization

Spec = Annotated[
    VisualizationSpec,
    Body(
        openapi_examples={
            "class": {
                "summary": "what the bundled network takes for its class 2",
                "value": {"model": "patternnet", "layer": "logits", "channel": 2},
            },
            "negative": {
                "summary": "what silences a channel",
                "value": {"model": "patternnet", "layer": "logits", "channel": 2, "sign": "negative", "steps": 64},
            },
        }
    ),
]

JOBS = JobRoutes(
    VISUALIZATION,
    addresses.VISUALIZATIONS,
    "its numbers",
    finished=samples.SUCCEEDED,
    underway=samples.QUEUED,
    cancelling=samples.CANCELLING,
    page=samples.VISUALIZATIONS,
    more=("preview", "image"),
    sought=by_standing,
    result="image",
)

router = APIRouter(tags=["visualizations"], responses=GUARDED, route_class=GuardedRoute)


@router.post(
    addresses.VISUALIZATIONS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly, Counted],
    summary="Ask for the picture of a unit",
    responses=JOBS.asked,
)
async def ask(spec: Spec, deps: Deps, sent: job_requests.Sent, response: Response) -> Visualization:
    """A picture of what one channel of a layer responds to: starting from noise, the *input image* of the trained,
    frozen network is optimized until the channel's feature map is as high as it gets (`positive`), or as low
    (`negative`: what the unit is most against, not merely what leaves it cold).

    The same specification is rendered once, however often and by however many it is asked for.
    """
    visualization: Visualization = await job_requests.submit(deps, VISUALIZATION, spec, sent, response)
    return visualization


@router.post(
    addresses.estimate(addresses.VISUALIZATIONS),
    dependencies=[needs("read"), JsonOnly],
    summary="What it would cost",
    responses={**answer(200, estimate_samples.PICTURE), **problems(400, 408, 413, 415, 422, 503)},
)
async def estimate(spec: Spec, deps: Deps, response: Response) -> VisualizationEstimate:
    """What the same body would cost if it were sent to `/v1/visualizations`: pixels that pass through the network,
    memory, and seconds where they are known. It asks for nothing and counts in no quota; what would be refused as
    invalid is refused here in the same words.
    """
    response.headers["Cache-Control"] = "no-store"
    return await estimates.of_picture(deps, spec)


for declare in (JOBS.list, JOBS.events, JOBS.token, JOBS.leave, JOBS.delete):
    declare(router)


@router.get(
    addresses.visualization("{key}"),
    dependencies=[needs("read")],
    summary="How far it is, or its numbers",
    responses={**answer(200, samples.SUCCEEDED, links=JOBS.links, headers=("Retry-After",)), **problems(404, 503)},
)
async def show(key: Key, deps: Deps, response: Response) -> Visualization:
    """Status and progress until the picture is finished, then its numbers, where the image is, and how the activation
    that it reached compares with the images of data sets that were scanned (`evidence`).

    One that failed or was cancelled says why; ask for it again to start a new attempt.
    """

    def seen() -> Visualization:
        visualization: Visualization = job_requests.show(deps, VISUALIZATION, key, response)
        return visualization.model_copy(update={"evidence": deps.evidences.of(visualization)})

    return await run_in_threadpool(seen)
