"""Asking for pictures, watching them, getting them."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Body, Header, Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs.errors import AlreadyOver, NotFound
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue import liveness
from featurelens.jobs.queue.job_queue import Ticket, Wanted
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import Result
from featurelens.service.auth.access import Counted
from featurelens.service.dependencies import Dependencies, Deps, JsonOnly, Key
from featurelens.service.endpoints.metrics import ASKED
from featurelens.service.lookup import find
from featurelens.service.prefer import ended, wait
from featurelens.service.problems import declare
from featurelens.service.resolving import resolved_in
from featurelens.service.schemas.visualization import UNKNOWN, Visualization, address, finished, underway

RETRY_AFTER = "1"
"""Seconds until it is worth asking again how far a picture is."""

CACHE_HIT = "featurelens; hit"

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

router = APIRouter(prefix="/v1/visualizations", tags=["visualizations"])


@router.post(
    "",
    status_code=202,
    dependencies=[JsonOnly, Counted],
    summary="Ask for the picture of a unit",
    response_description="on its way; `Location` says where to watch",
    responses={
        200: {
            "model": Visualization,
            "description": "made before, `Cache-Status: featurelens; hit`, or while you waited",
        },
        **declare(400, 408, 413, 415, 422, 429, 503, 507),
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
    key = VISUALIZATION.key(resolved, entry.digest, entry.renderer)
    response.headers["Location"] = address(key)
    patience = wait(prefer or ())
    if patience is not None:
        response.headers["Preference-Applied"] = f"wait={patience}"
    found = await run_in_threadpool(_accepted, deps, Wanted(key, resolved, entry.digest))
    if isinstance(found, Result):
        response.status_code = 200
        response.headers["Cache-Status"] = CACHE_HIT
        ASKED.labels("hit").inc()
        return finished(found)
    ASKED.labels("accepted" if found.fresh else "joined").inc()
    structlog.contextvars.bind_contextvars(key=key, attempt=found.record.attempt)
    if patience:
        seen = await ended(deps.watcher, key, patience)
        if seen is not None:
            response.status_code = 200
            return seen
    later = await run_in_threadpool(deps.queue.find, key) if patience else None
    response.headers["Retry-After"] = RETRY_AFTER
    return underway(key, later or found, deduplicated=not found.fresh)


def _accepted(deps: Dependencies, wanted: Wanted[VisualizationSpec]) -> Result | Ticket:
    """The picture if there is one, else its place in the queue, old or new. Blocks: one thread for all of it."""
    if wanted.spec.photo is not None:
        deps.photos.get(wanted.spec.photo)
    found = deps.store.get(wanted.key) or deps.queue.join(wanted.key)
    if found is None:
        liveness.check(deps.redis)
        deps.limits.check_room(len(deps.queue))
        found = deps.queue.submit(*wanted)
    return found


@router.get("/{key}", summary="How far it is, or its numbers", responses=declare(404, 503))
def show(key: Key, deps: Deps, response: Response) -> Visualization:
    """Status and progress until the picture is finished, then its numbers and where the image is.

    One that failed or was cancelled says why; ask for it again to start a new attempt.
    """
    response.headers["Cache-Control"] = "no-cache"
    seen = find(deps.store, deps.queue, key)
    if seen is None:
        raise NotFound(UNKNOWN)
    if not seen.over:
        response.headers["Retry-After"] = RETRY_AFTER
    return seen


@router.delete(
    "/{key}",
    summary="Want it no more",
    response_description="stopped, or still made for others",
    responses={
        202: {"model": Visualization, "description": "it is being stopped: its slot lets go of it"},
        **declare(404, 409, 503),
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
