"""Asking for visualizations, watching them, stopping them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Header, Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.errors import AlreadyOver, NotFound
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue.job_queue import Wanted
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service.auth.access import needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import Deps, JsonOnly, Key
from featurelens.service.openapi import samples
from featurelens.service.openapi.answers import answer, problems
from featurelens.service.openapi.links import from_visualization
from featurelens.service.resolving import resolved_in
from featurelens.service.schemas.visualization import UNKNOWN, Visualization, underway
from featurelens.service.submission import RETRY_AFTER, submit

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

Prefer = Annotated[
    list[str] | None,
    Header(description="`wait=N` holds the answer until it is finished, up to N seconds", examples=["wait=10"]),
]

router = APIRouter(tags=["visualizations"])


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
        **problems(400, 408, 413, 415, 422, 429, 503, 507),
    },
)
async def ask(
    spec: Spec,
    deps: Deps,
    response: Response,
    prefer: Prefer = None,
) -> Visualization:
    """A picture of what one channel of a layer responds to: starting from noise, the *input image* of the trained,
    frozen network is optimized until the channel's feature map is as high as it gets (`positive`), or as low
    (`negative`: what the unit is most against, not merely what leaves it cold).

    The same specification is rendered once, however often and by however many it is asked for.
    """
    resolved, entry = await resolved_in(deps.catalog, spec)
    deps.limits.check_cost(VISUALIZATION.cost(resolved))
    if resolved.photo is not None:
        await run_in_threadpool(deps.photos.get, resolved.photo)
    wanted = Wanted(VISUALIZATION.key(resolved, entry.digest, entry.renderer), resolved, entry.digest)
    return await submit(deps, deps.visualizations, deps.watcher, wanted, prefer or (), response)


@router.get(
    addresses.visualization("{key}"),
    dependencies=[needs("read")],
    summary="How far it is, or its numbers",
    responses={**answer(200, samples.SUCCEEDED, links=from_visualization()), **problems(404, 503)},
)
def show(key: Key, deps: Deps, response: Response) -> Visualization:
    """Status and progress until the picture is finished, then its numbers and where the image is.

    One that failed or was cancelled says why; ask for it again to start a new attempt.
    """
    response.headers["Cache-Control"] = "no-cache"
    found = deps.visualizations.find(key)
    if found is None:
        raise NotFound(UNKNOWN)
    if not found.over:
        response.headers["Retry-After"] = RETRY_AFTER
    return found


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
    left = deps.queue.leave(key)
    ticket = deps.queue.find(key)
    if left == "over" or (left == "gone" and deps.store.get(key) is not None):
        raise AlreadyOver("it has ended; a finished picture is deleted under /image")
    if left == "gone" or ticket is None:
        raise NotFound(UNKNOWN)
    response.status_code = 202 if ticket.record.status == "cancelling" else 200
    return underway(key, ticket)
