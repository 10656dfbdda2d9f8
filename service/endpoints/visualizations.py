"""Asking for visualizations, watching them, stopping them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response

from featurelens.jobs import addresses
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service import estimates, job_requests
from featurelens.service.auth.access import GuardedRoute, needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps, JsonOnly, Key
from featurelens.service.openapi import estimate_samples, samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.openapi.links import from_visualization
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

router = APIRouter(tags=["visualizations"], responses=GUARDED, route_class=GuardedRoute)


@router.post(
    addresses.VISUALIZATIONS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly, Counted],
    summary="Ask for the picture of a unit",
    responses={
        **answer(202, samples.QUEUED, "on its way; `Location` says where to watch", from_visualization()),
        **answer(
            200,
            samples.SUCCEEDED,
            "made before, `Cache-Status: featurelens; hit`, or while you waited",
            from_visualization(),
        ),
        **problems(400, 408, 409, 413, 415, 422, 429, 503, 507),
    },
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


@router.get(
    addresses.visualization("{key}"),
    dependencies=[needs("read")],
    summary="How far it is, or its numbers",
    responses={**answer(200, samples.SUCCEEDED, links=from_visualization()), **problems(404, 503)},
)
def show(key: Key, deps: Deps, response: Response) -> Visualization:
    """Status and progress until the picture is finished, then its numbers, where the image is, and how the activation
    that it reached compares with the images of data sets that were scanned (`evidence`).

    One that failed or was cancelled says why; ask for it again to start a new attempt.
    """
    visualization: Visualization = job_requests.show(deps, VISUALIZATION, key, response)
    return visualization.model_copy(update={"evidence": deps.evidences.of(visualization)})


@router.delete(
    addresses.visualization("{key}"),
    dependencies=[needs("render")],
    summary="Want it no more",
    responses={
        **answer(200, samples.RUNNING, "stopped, or still made for others", from_visualization()),
        **answer(202, samples.CANCELLING, "it is being stopped: its slot lets go of it", from_visualization()),
        **problems(404, 409, 503),
    },
)
def leave(key: Key, deps: Deps, response: Response) -> Visualization:
    """Takes back one request for the picture. Each POST counts as one, and the last one taken back stops it.

    So a picture that others wait for is still made, and `askers` says for how many. One that is `queued` is
    `cancelled` at once, one that is `running` within a step. 409 when it has ended; a finished picture is deleted
    with `DELETE /v1/visualizations/{key}/image`.
    """
    deleted = "a finished picture is deleted under /image"
    visualization: Visualization = job_requests.leave(deps, VISUALIZATION, key, response, deleted=deleted)
    return visualization
