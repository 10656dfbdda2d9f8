"""What pictures would cost, found out without asking for them: nothing is enqueued and no quota counts it.

Whatever makes the same request unacceptable is raised as if it had been made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool

from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.kinds.base import QUEUE, SWEEP_QUEUE
from featurelens.jobs.memory import layers_read
from featurelens.jobs.queue import speeds, stats
from featurelens.jobs.queue.queues import base, named
from featurelens.jobs.queue.speeds import LaneKind
from featurelens.jobs.queue.stats import RendererStats
from featurelens.jobs.queue.ticket import Ticket, Wanted
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service import sweep_requests
from featurelens.service.auth.metering import check_quota
from featurelens.service.dependencies import Dependencies
from featurelens.service.job_requests import check_memory, checked, most_memory
from featurelens.service.schemas.estimate import SweepEstimate, VisualizationEstimate
from featurelens.service.schemas.sweep_spec import SweepSpec
from featurelens.service.schemas.visualization import Visualization

_CHUNK = 256
"""Pictures looked up at once."""


async def of_picture(deps: Dependencies, spec: VisualizationSpec) -> VisualizationEstimate:
    """What the picture takes that `spec` asks for. Raises what makes `spec` unacceptable."""
    wanted = await checked(deps, VISUALIZATION, spec)
    return await run_in_threadpool(_of_picture, deps, wanted)


async def of_sweep(deps: Dependencies, spec: SweepSpec) -> SweepEstimate:
    """The same of a sweep."""
    if deps.quota is not None:
        check_quota(deps.quota, spec.total)
    resolved, entry = await sweep_requests.checked(deps, spec)
    return await run_in_threadpool(
        lambda: _of_sweep(deps, resolved, sweep_requests.pictures(spec, resolved, entry)),
    )


def _of_picture(deps: Dependencies, wanted: Wanted[VisualizationSpec]) -> VisualizationEstimate:
    renderers = _holders(deps, QUEUE, wanted)
    memory = check_memory(deps, VISUALIZATION, wanted.spec, renderers)
    job = deps.visualizations.find(wanted.key)
    return VisualizationEstimate(
        key=wanted.key,
        status=None if job is None else job.status,
        cost=VISUALIZATION.cost(wanted.spec),
        cost_limit=deps.limits.cost,
        waiting=_before(deps, job, renderers),
        **_of_one(deps, wanted, renderers, memory, _steps_left(wanted.spec, job), alone=True),
    )


def _of_sweep(
    deps: Dependencies, resolved: VisualizationSpec, wanted: Sequence[Wanted[VisualizationSpec]]
) -> SweepEstimate:
    renderers = _holders(deps, SWEEP_QUEUE, wanted[0])
    memory = check_memory(deps, VISUALIZATION, resolved, renderers)
    made = underway = 0
    for start in range(0, len(wanted), _CHUNK):
        keys = [one.key for one in wanted[start : start + _CHUNK]]
        there = deps.store.get_all(keys)
        rest = [key for key in keys if key not in there]
        made += len(there)
        underway += sum(isinstance(one, Ticket) and one.record.in_flight for one in deps.queue.find_all(rest))
    missing = len(wanted) - made - underway
    blocks = math.ceil(missing / max((one.sweep_pictures for one in renderers), default=1))
    side_by_side = max(1, min(len(renderers), blocks))
    return SweepEstimate(
        total=len(wanted),
        made=made,
        underway=underway,
        missing=missing,
        cost=VISUALIZATION.cost(resolved) * len(wanted),
        cost_limit=deps.limits.sweep_cost,
        waiting=_waiting(deps, SWEEP_QUEUE, renderers),
        **_of_one(deps, wanted[0], renderers, memory, math.ceil(missing / side_by_side) * resolved.steps, alone=False),
    )


def _of_one(
    deps: Dependencies,
    wanted: Wanted[VisualizationSpec],
    renderers: Sequence[RendererStats],
    memory: int,
    steps: int,
    *,
    alone: bool,
) -> dict[str, Any]:
    """The fields that are about one picture, which takes `memory`, and the seconds of `steps` of such pictures."""
    measured = [speed for renderer in renderers for speed in renderer.speeds]
    return {
        "spec": wanted.spec,
        "memory": memory,
        "memory_limit": deps.limits.memory(most_memory(renderers)),
        "seconds": _seconds(measured, wanted, steps, alone=alone),
    }


def _seconds(
    measured: Sequence[speeds.Speed], wanted: Wanted[VisualizationSpec], steps: int, *, alone: bool
) -> float | None:
    spec = wanted.spec
    assert spec.size is not None
    assert spec.transform is not None
    kind = LaneKind(wanted.digest, tuple(sorted(layers_read(spec))), spec.size)
    each = speeds.find(measured, kind, alone=alone)
    return None if each is None else round(steps * spec.pictures * spec.transform.views * each, 2)


def _steps_left(spec: VisualizationSpec, job: Visualization | None) -> int:
    if job is None or job.status in {"failed", "cancelled"}:
        return spec.steps
    return 0 if job.over else spec.steps - (job.progress.step if job.progress else 0)


def _holders(deps: Dependencies, queue: str, wanted: Wanted[VisualizationSpec]) -> list[RendererStats]:
    """The renderers that run and hold the network: others make none of these pictures."""
    holders = deps.queue.router.holders(queue, wanted.needs)
    return [renderer for renderer in stats.all_renderers(deps.redis) if renderer.id in holders]


def _waiting(deps: Dependencies, queue: str, renderers: Sequence[RendererStats]) -> int:
    """Pictures that wait for these renderers; where there is none, all that wait."""
    names = named([renderer.id for renderer in renderers], [queue]) or deps.queue.names(queue)
    return deps.queue.waiting(names)


def _before(deps: Dependencies, job: Visualization | None, renderers: Sequence[RendererStats]) -> int:
    """Pictures before it: none once it is being made; a picture of a sweep that is asked for alone moves over."""
    if job is not None and job.status not in {"queued", "failed", "cancelled"}:
        return 0
    ticket = None if job is None else deps.queue.find(job.key)
    if ticket is not None and ticket.position is not None and base(ticket.record.queue or QUEUE) == QUEUE:
        return ticket.position - 1
    return _waiting(deps, QUEUE, renderers)
