"""The ways of routing that are compared: ours is the code the service runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from heapq import heapify, heapreplace

from benchmarks.routing.renderer import Renderer
from featurelens.jobs.queue.routing import Candidate, dealt, ranking

Policy = Callable[[str, Sequence[Renderer], int, bool, random.Random], list[tuple[str, int]]]
"""(lane, live renderers, pictures, whether of a sweep, draws) -> where they go, in order."""


def by_lane() -> Policy:
    """Rendezvous hashing with bounded load, sweeps in blocks; remembers where single pictures of a lane went last."""
    last: dict[str, str] = {}

    def policy(
        lane: str, renderers: Sequence[Renderer], pictures: int, sweep: bool, draws: random.Random
    ) -> list[tuple[str, int]]:
        if sweep:
            return dealt(
                lane, [Candidate(one.name, one.backlog(True), one.places(True)) for one in renderers], pictures
            )
        candidates = [Candidate(one.name, one.backlog(False), one.device.together) for one in renderers]
        goes = dealt(lane, candidates, pictures, last.get(lane))
        last[lane] = goes[-1][0]
        return goes

    return policy


def home(
    lane: str, renderers: Sequence[Renderer], pictures: int, sweep: bool, draws: random.Random
) -> list[tuple[str, int]]:
    """Rendezvous hashing without a bound: everything of a lane to the first in its ranking."""
    return [(ranking(lane, [one.name for one in renderers])[0], pictures)]


def anywhere(
    lane: str, renderers: Sequence[Renderer], pictures: int, sweep: bool, draws: random.Random
) -> list[tuple[str, int]]:
    """Each picture to any renderer."""
    return [(draws.choice(renderers).name, 1) for _ in range(pictures)]


def least_loaded(
    lane: str, renderers: Sequence[Renderer], pictures: int, sweep: bool, draws: random.Random
) -> list[tuple[str, int]]:
    """Each picture to a renderer with the smallest backlog."""
    loads = [(one.backlog(True) + one.backlog(False), draws.random(), one.name) for one in renderers]
    heapify(loads)
    goes = []
    for _ in range(pictures):
        load, tie, least = loads[0]
        heapreplace(loads, (load + 1, tie, least))
        goes.append((least, 1))
    return goes


POLICIES: dict[str, Callable[[], Policy]] = {
    "by lane, bounded": by_lane,
    "by lane, no bound": lambda: home,
    "least loaded": lambda: least_loaded,
    "random": lambda: anywhere,
}
"""What makes one of each, with a memory of its own where it has one."""
