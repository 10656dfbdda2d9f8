"""Many channels of a layer at once: asked for together, watched and stopped together, each picture still its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from starlette.concurrency import run_in_threadpool

from featurelens.jobs import addresses
from featurelens.jobs.errors import AlreadyOver, NotFound, NotReady
from featurelens.service import estimates, sweep_requests, sweeps
from featurelens.service.auth.access import GuardedRoute, Identified, needs
from featurelens.service.dependencies import Dependencies, Deps, JsonOnly
from featurelens.service.idempotency import IdempotencyKey
from featurelens.service.openapi import answers, estimate_samples, samples
from featurelens.service.openapi.answers import GUARDED, answer, problems
from featurelens.service.openapi.headers import QUOTA
from featurelens.service.openapi.links import from_sweep
from featurelens.service.responses import IfNoneMatch, conditional
from featurelens.service.schemas import address
from featurelens.service.schemas.estimate import SweepEstimate
from featurelens.service.schemas.sweep import Sweep, SweepItem, SweepItems
from featurelens.service.schemas.sweep_spec import SweepSpec
from featurelens.service.thumbnails import Tiles, sheet_name
from featurelens.service.webhooks.callbacks import Callback

RETRY_AFTER = "2"

_SENT = ("Location", *QUOTA)

router = APIRouter(tags=["sweeps"], responses=GUARDED, route_class=GuardedRoute)


async def _checked_id(
    id: Annotated[str, Path(description="sweep_ and 32 hex digits", examples=["sweep_" + "0" * 32])],
) -> str:
    if not sweeps.ID_PATTERN.fullmatch(id):
        raise NotFound("no sweep has such a name")
    return id


def _found(id: Annotated[str, Depends(_checked_id)], deps: Deps) -> sweeps.Sweep:
    sweep = deps.sweeps.find(id)
    if sweep is None:
        raise NotFound("no such sweep: it was never asked for, or has been forgotten")
    return sweep


Found = Annotated[sweeps.Sweep, Depends(_found)]
Spec = Annotated[
    SweepSpec,
    Body(
        openapi_examples={
            "layer": {
                "summary": "both signs of the first eight classes of the bundled network",
                "value": {
                    "model": "patternnet",
                    "layer": "logits",
                    "channels": "0-7",
                    "signs": ["positive", "negative"],
                    "steps": 64,
                },
            }
        }
    ),
]


@router.post(
    addresses.SWEEPS,
    status_code=202,
    dependencies=[needs("render"), JsonOnly],
    summary="Ask for many pictures",
    responses={
        **answer(
            202, samples.SWEEP, "on their way; `Location` says where to watch", from_sweep(), ("Retry-After", *_SENT)
        ),
        **answer(200, samples.FINISHED_SWEEP, "all of them had been made before", from_sweep(), _SENT),
        **problems(400, 408, 409, 413, 415, 422, 429, 503, 507),
    },
)
async def ask(
    spec: Spec,
    deps: Deps,
    caller: Identified,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    featurelens_callback: Callback = None,
) -> Sweep:
    """A picture for each of `channels` with each of `signs` and `seeds`, 4096 at most. In a quota each counts as one.

    They wait in a queue of their own, so that a picture asked for by itself does not wait for them; and a picture of a
    sweep that somebody asks for by itself moves over.
    """
    shown, headers = await sweep_requests.submit(deps, spec, caller.client, idempotency_key, featurelens_callback)
    response.headers.update(headers)
    response.headers["Location"] = address.shown(shown.links.self)
    if shown.status == "finished":
        response.status_code = 200
    else:
        response.headers["Retry-After"] = RETRY_AFTER
    return shown


@router.post(
    addresses.estimate(addresses.SWEEPS),
    dependencies=[needs("read"), JsonOnly],
    summary="What it would cost",
    responses={**answer(200, estimate_samples.SWEEP), **problems(400, 408, 413, 415, 422, 503)},
)
async def estimate(spec: Spec, deps: Deps, response: Response) -> SweepEstimate:
    """How many of its pictures are there, how many are on their way, and what the rest would cost. It asks for nothing
    and counts in no quota; what would be refused as invalid is refused here in the same words.
    """
    response.headers["Cache-Control"] = "no-store"
    return await estimates.of_sweep(deps, spec)


@router.get(
    addresses.sweep("{id}"),
    dependencies=[needs("read")],
    summary="How far it is",
    responses={**answer(200, samples.SWEEP, links=from_sweep()), **problems(404, 503)},
)
def show(sweep: Found, deps: Deps, response: Response) -> Sweep:
    """How many of its pictures are in which status."""
    shown = sweep_requests.shown(deps, sweep)
    response.headers["Cache-Control"] = "no-cache"
    if shown.status in {"underway", "cancelling"}:
        response.headers["Retry-After"] = RETRY_AFTER
    return shown


@router.get(
    addresses.sweep_items("{id}"),
    dependencies=[needs("read")],
    summary="Its pictures",
    responses={**answer(200, samples.SWEEP_ITEMS), **problems(404, 422, 503)},
)
def items(
    sweep: Found,
    deps: Deps,
    offset: Annotated[int, Query(ge=0, le=4096, description="pictures to leave out")] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> SweepItems:
    """In the order of channels, signs and seeds, a page at a time."""
    shown = [SweepItem.of(item, state) for item, state in deps.sweeps.items(sweep.id, offset, limit)]
    following = addresses.with_query(addresses.sweep_items(sweep.id), {"offset": offset + limit, "limit": limit})
    return SweepItems(items=shown, next=following if offset + limit < sweep.total else None)


@router.delete(
    addresses.sweep("{id}"),
    dependencies=[needs("render")],
    summary="Stop it",
    responses={
        **answer(200, samples.CANCELLED_SWEEP, links=from_sweep()),
        **answer(202, samples.CANCELLING_SWEEP, "some are still being stopped", from_sweep()),
        **problems(404, 409, 503),
    },
)
def cancel(sweep: Found, deps: Deps, response: Response) -> Sweep:
    """Leaves every picture that is not finished. Those that somebody else waits for are still made."""
    if sweep_requests.shown(deps, sweep).status in {"finished", "cancelled"}:
        raise AlreadyOver("all its pictures have ended")
    deps.sweeps.cancel(sweep.id)
    shown = sweep_requests.shown(deps, deps.sweeps.find(sweep.id) or sweep)
    response.status_code = 202 if shown.status == "cancelling" else 200
    return shown


@router.get(
    addresses.sweep_sheet("{id}"),
    dependencies=[needs("read")],
    summary="All pictures on one",
    response_class=Response,
    responses={**answers.conditional("the PNG", "image/png"), **problems(404, 409, 503)},
)
async def sheet(sweep: Found, deps: Deps, if_none_match: IfNoneMatch = None) -> Response:
    """Thumbnails in rows, in the order of `items`, blank where there is no picture; 409 until the sweep is over."""
    keys, made = await run_in_threadpool(_sheet_of, deps, sweep)
    name = sheet_name(keys)
    tiles = Tiles(len(keys), lambda: (deps.store.image(key) if key else None for key in keys))
    png, digest = made or await deps.making.get(name, lambda: deps.thumbnails.sheet(name, tiles))
    return conditional(png, digest, "image/png", if_none_match, immutable=False)


def _sheet_of(deps: Dependencies, sweep: sweeps.Sweep) -> tuple[list[str], tuple[bytes, str] | None]:
    """Keys of its pictures, empty where there is none, and the sheet if it has been made before."""
    found = deps.sweeps.items(sweep.id)
    if sweeps.standing(sweep, [state for _, state in found]) in {"underway", "cancelling"}:
        raise NotReady(f"pictures are still to be made; how many: {addresses.sweep(sweep.id)}")
    keys = [item.key if state == "succeeded" else "" for item, state in found]
    return keys, deps.thumbnails.made(sheet_name(keys))
