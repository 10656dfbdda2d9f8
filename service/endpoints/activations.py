"""Asking what a network sees in a photograph, watching it, stopping it, deleting it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Body, Query, Response
from fastapi.responses import StreamingResponse

from featurelens.jobs import addresses
from featurelens.jobs.errors import NotFound
from featurelens.jobs.kinds import ACTIVATIONS
from featurelens.jobs.queue.records import Status
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.service import job_requests
from featurelens.service.auth.access import GuardedRoute, Identified, IdentifiedOrToken, needs
from featurelens.service.auth.metering import Counted
from featurelens.service.dependencies import ActivationsKey, Deps, JsonOnly
from featurelens.service.event_stream import LastEventId
from featurelens.service.openapi import answers, samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.openapi.links import from_activations
from featurelens.service.pagination import MAX_JOBS
from featurelens.service.schemas.activations import Activations, ActivationsPage, ActivationsSummary
from featurelens.service.schemas.token import Token

_EXAMPLE = """retry: 2000
event: progress
data: {"stage":"reading","step":0,"steps":1,"score":null,"seconds_left":null}
id: 93a1f0c44be8d0aa

event: succeeded
data: {"key":"fa1_...","status":"succeeded","classes":[{"channel":10,"label":"rings","probability":0.98}]}
id: 0f83ab11c09d5e77
"""

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


router = APIRouter(tags=["activations"], responses=GUARDED, route_class=GuardedRoute)


@router.post(
    addresses.ACTIVATIONS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly, Counted],
    summary="Ask what a network sees in a photograph",
    responses={
        **answer(202, samples.ACTIVATIONS_QUEUED, "on its way; `Location` says where to watch", from_activations()),
        **answer(
            200,
            samples.ACTIVATIONS,
            "made before, `Cache-Status: featurelens; hit`, or while you waited",
            from_activations(),
        ),
        **problems(400, 408, 409, 413, 415, 422, 429, 503, 507),
    },
)
async def ask(spec: Spec, deps: Deps, sent: job_requests.Sent, response: Response) -> Activations:
    """One forward pass over an uploaded photograph, no optimization: for each layer the units that respond most and
    least, by their largest or smallest activation and where it is, and by the mean; and the class probabilities.

    In float32, before the network as its author wrote it. The same question is answered once.
    """
    activations: Activations = await job_requests.submit(deps, ACTIVATIONS, spec, sent, response)
    return activations


@router.get(
    addresses.ACTIVATIONS,
    dependencies=[needs("read")],
    summary="The activations there are",
    responses={**answer(200, samples.ACTIVATIONS_PAGE), **problems(422, 503)},
)
def list_activations(
    deps: Deps,
    background: BackgroundTasks,
    model: Annotated[str | None, Query(max_length=200, description="canonical name or alias")] = None,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_JOBS)] = 20,
    cursor: Annotated[str | None, Query(max_length=64, description="from `next` of the page before")] = None,
) -> ActivationsPage:
    """Asked for last comes first. A page may be shorter than `limit`, even empty, and have a next one."""
    jobs, following, complete = job_requests.listed(
        deps, ACTIVATIONS, background, addresses.ACTIVATIONS, limit, cursor, model=model, status=status
    )
    return ActivationsPage(activations=[ActivationsSummary.of(job) for job in jobs], next=following, complete=complete)


@router.get(
    addresses.activations("{key}"),
    dependencies=[needs("read")],
    summary="How far it is, or what the network sees",
    responses={**answer(200, samples.ACTIVATIONS, links=from_activations()), **problems(404, 503)},
)
def show(key: ActivationsKey, deps: Deps, response: Response) -> Activations:
    """Status and progress until it is finished, then classes and layers.

    One that failed or was cancelled says why; ask for it again to start a new attempt.
    """
    activations: Activations = job_requests.show(deps, ACTIVATIONS, key, response)
    return activations


@router.get(
    addresses.activations_events("{key}"),
    dependencies=[needs("read", or_token=True)],
    summary="Watch it as server-sent events",
    response_class=StreamingResponse,
    responses={**answers.event_stream(Activations, _EXAMPLE), **problems(404, 503)},
)
async def events(
    key: ActivationsKey, deps: Deps, caller: IdentifiedOrToken, last_event_id: LastEventId = None
) -> Response:
    """As for visualizations, without previews."""
    return await job_requests.watched(deps, ACTIVATIONS, key, caller, last_event_id)


@router.get(
    addresses.activations_token("{key}"),
    dependencies=[needs("read")],
    summary="A token that opens their events in a browser",
    responses={**answer(200, samples.TOKEN), **problems(404)},
)
def token(key: ActivationsKey, deps: Deps, caller: Identified, response: Response) -> Token:
    """For `EventSource`, which cannot send an API key. For a quarter of an hour, to watch this one."""
    return job_requests.opened(deps, key, caller, response)


@router.delete(
    addresses.activations("{key}"),
    dependencies=[needs("render")],
    summary="Want it no more",
    responses={
        **answer(200, samples.ACTIVATIONS_QUEUED, "stopped, or still done for others", from_activations()),
        **answer(202, samples.ACTIVATIONS_CANCELLING, "it is being stopped", from_activations()),
        **problems(404, 409, 503),
    },
)
def leave(key: ActivationsKey, deps: Deps, response: Response) -> Activations:
    """Takes back one request. Each POST counts as one, and the last one taken back stops it. 409 when it has ended."""
    deleted = "a finished result is deleted under /result"
    activations: Activations = job_requests.leave(deps, ACTIVATIONS, key, response, deleted=deleted)
    return activations


@router.delete(
    addresses.activations_result("{key}"),
    status_code=204,
    dependencies=[needs("admin")],
    summary="Delete a finished result",
    responses=problems(404, 503),
)
def delete(key: ActivationsKey, deps: Deps) -> None:
    """Out of the store, for everybody; asked for again, it is made anew."""
    job_requests.delete(deps, key, NotFound(f"no finished result here; how far it is: {addresses.activations(key)}"))
