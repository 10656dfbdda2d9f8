"""Asking for many pictures at once."""

from __future__ import annotations

from dataclasses import replace

from starlette.concurrency import run_in_threadpool

from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.errors import OutOfRange
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.kinds.base import SWEEP_QUEUE
from featurelens.jobs.queue.ticket import Wanted
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service import sweeps
from featurelens.service.auth.metering import charge
from featurelens.service.dependencies import Dependencies
from featurelens.service.job_requests import check_worker
from featurelens.service.resolving import resolved_in
from featurelens.service.schemas.sweep import Sweep
from featurelens.service.schemas.sweep_spec import SweepSpec
from featurelens.service.webhooks.callbacks import told_apart


async def submit(
    deps: Dependencies, spec: SweepSpec, client: str, token: str | None, callback: str | None = None
) -> tuple[Sweep, dict[str, str]]:
    """The sweep, and headers that say what is left of the quota of `client`; `token` is its `Idempotency-Key`, and its
    end is told to `callback`.

    Raises what makes `spec` unacceptable, or what is missing to do it.
    """
    deps.callbacks.check(callback)
    resolved, entry = await checked(deps, spec)
    return await run_in_threadpool(_accept, deps, client, token, callback, spec, resolved, entry)


async def checked(deps: Dependencies, spec: SweepSpec) -> tuple[VisualizationSpec, ModelEntry]:
    """The complete spec of the highest channel's picture, and its network. Raises what makes `spec` unacceptable."""
    try:
        resolved, entry = await resolved_in(deps.catalog, VISUALIZATION, spec.widest())
    except OutOfRange as error:
        faults = tuple(replace(f, pointer="/channels") if f.pointer == "/channel" else f for f in error.faults)
        raise OutOfRange(error.detail, faults) from error
    deps.limits.check_sweep(VISUALIZATION.cost(resolved), spec.total)
    if resolved.photo is not None:
        await run_in_threadpool(deps.photos.claim, resolved.photo, VISUALIZATION.photo_pointer)
    return resolved, entry


def pictures(spec: SweepSpec, resolved: VisualizationSpec, entry: ModelEntry) -> list[Wanted[VisualizationSpec]]:
    """All pictures of a sweep, given what `checked` returns."""
    needs = VISUALIZATION.needs(resolved, entry)
    return [
        Wanted(VISUALIZATION.key(one, entry.digest, entry.renderer), one, entry.digest, needs)
        for one in spec.pictures_of(resolved)
    ]


def shown(deps: Dependencies, sweep: sweeps.Sweep) -> Sweep:
    """As the API shows it, with the states of its pictures."""
    return Sweep.of(sweep, [state for _, state in deps.sweeps.items(sweep.id)])


def _accept(
    deps: Dependencies,
    client: str,
    token: str | None,
    callback: str | None,
    spec: SweepSpec,
    resolved: VisualizationSpec,
    entry: ModelEntry,
) -> tuple[Sweep, dict[str, str]]:
    """The sweep, and headers that say what is left of the quota. Blocks: one thread for all of it."""
    asked = told_apart(f"sweep {spec.model_dump_json()}", callback)
    with deps.retries.once(client, token, asked) as attempt:
        before = deps.sweeps.find(attempt.made) if attempt.made else None
        if before is not None:
            return shown(deps, before), {}
        if callback:
            deps.callbacks.deliveries.check_room(client)
        made, headers = _create(deps, client, spec, resolved, entry)
        if callback:
            deps.callbacks.add(made.id, callback, client, token)
        attempt.made = made.id
    return made, headers


def _create(
    deps: Dependencies, client: str, spec: SweepSpec, resolved: VisualizationSpec, entry: ModelEntry
) -> tuple[Sweep, dict[str, str]]:
    wanted = pictures(spec, resolved, entry)
    largest = check_worker(deps, VISUALIZATION, wanted[0]._replace(spec=resolved), SWEEP_QUEUE)
    deps.limits.check_disk()
    with deps.queue.room.reserved(spec.total, deps.limits.queue) as room:
        headers = {} if deps.quota is None else charge(deps.quota, client, spec.total)
        made = deps.sweeps.create([one._replace(memory=largest.memory) for one in wanted], room)
        return shown(deps, made), headers
