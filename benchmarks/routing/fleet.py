"""Events on a virtual clock: requests, turns that end, renderers that die, are missed, join, and look for work."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.routing.device import Device
from benchmarks.routing.policies import Policy
from benchmarks.routing.renderer import Picture, Renderer, Request, Turn
from featurelens.jobs.queue.routing import tail_block

LOOK = 0.6
"""Seconds between two looks of an idle renderer for work of others."""

LEASE = (20.0, 30.0)
"""Seconds until a dead renderer is missed and what it had is dealt again."""

SILENT = 12.0
"""Seconds after which a renderer that has died is dealt nothing more: it has missed a heartbeat."""

TailRule = Callable[[Sequence[str | None], int], int]


@dataclass
class Outcome:
    """What became of a load. Everything in it is counted by the simulation itself."""

    requests: list[Request]
    waits: list[float] = field(default_factory=list)
    """Of pictures asked for alone: seconds until they were in the making."""
    rows: float = 0.0
    possible: float = 0.0
    """Rows advanced, and rows that could have been, had all unfinished pictures of the lane been where the tick was."""
    opened: int = 0
    dealt_again: int = 0
    """Pictures of renderers that died."""
    taken: int = 0
    """Pictures that idle renderers took from others."""
    blocks: int = 0
    """Times that an idle renderer took some."""
    busy: float = 0.0
    """Seconds that devices worked, all together."""
    end: float = 0.0

    @property
    def fill(self) -> float:
        """Of the pictures of a lane that could have gone together in a tick, how many did.

        Rows of all ticks over the sum, over all ticks, of `min(full, n)`: n pictures of that lane were unfinished in
        the whole fleet, `full` are the rows of a full tick. 1: every tick was full, or had all there were of the lane.
        """
        return self.rows / self.possible


class Fleet:
    """Renderers of one device under one policy. `rule` is how much of a tail an idle one takes."""

    def __init__(self, device: Device, number: int, policy: Policy, seed: int = 0, rule: TailRule = tail_block) -> None:
        self._device = device
        self._policy = policy
        self._rule = rule
        self._draws = random.Random(seed)  # a simulation is repeated by its seed
        self._names = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._now = 0.0
        self._known: dict[str, Renderer] = {}
        """Those that have not been missed."""
        self._silent: set[str] = set()
        """Of them those that are dealt nothing more."""
        self._idle: dict[str, Renderer] = {}
        """Those that look for work when some waits somewhere."""
        self._unfinished: Counter[str] = Counter()
        self._waiting = 0
        for _ in range(number):
            self._join()

    def run(self, requests: Iterable[Request], deaths: Sequence[float] = (), joins: Sequence[float] = ()) -> Outcome:
        """Until everything is made: at each of `deaths` a renderer dies, at each of `joins` one joins."""
        self._outcome = Outcome(list(requests))
        for request in self._outcome.requests:
            self._at(request.asked, lambda request=request: self._arrive(request))  # type: ignore[misc]
        for moment in deaths:
            self._at(moment, self._die)
        for moment in joins:
            self._at(moment, self._join)
        while self._events:
            self._now, _, act = heapq.heappop(self._events)
            act()
        assert not +self._unfinished, "a picture was lost"
        assert all(request.left == 0 for request in self._outcome.requests)
        self._outcome.end = max(request.ended for request in self._outcome.requests)
        return self._outcome

    def _at(self, moment: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), act))

    def _join(self) -> None:
        renderer = Renderer(f"renderer-{next(self._names)}", self._device)
        self._known[renderer.name] = renderer
        self._rest(renderer)

    def _die(self) -> None:
        living = [one for one in self._known.values() if not one.dead]
        if len(living) < 2:
            return
        gone = self._draws.choice(living)
        gone.dead = True
        self._at(self._now + SILENT, lambda: self._silent.add(gone.name))
        self._at(self._now + self._draws.uniform(*LEASE), lambda: self._miss(gone))

    def _miss(self, gone: Renderer) -> None:
        """Deals what a dead renderer had again, lane by lane."""
        del self._known[gone.name]
        self._silent.discard(gone.name)
        self._waiting -= len(gone.singles) + len(gone.sweeps)
        lanes: dict[tuple[str, bool], list[Picture]] = {}
        for picture in gone.lost():
            lanes.setdefault((picture.lane, picture.request.sweep), []).append(picture)
        for pictures in lanes.values():
            self._outcome.dealt_again += len(pictures)
            self._deal(pictures)

    def _arrive(self, request: Request) -> None:
        request.left = request.pictures
        self._unfinished[request.lane] += request.pictures
        self._deal([Picture(request) for _ in range(request.pictures)])

    def _deal(self, pictures: Sequence[Picture]) -> None:
        lane, sweep = pictures[0].lane, pictures[0].request.sweep
        left = iter(pictures)
        candidates = [one for one in self._known.values() if one.name not in self._silent]
        for name, block in self._policy(lane, candidates, len(pictures), sweep, self._draws):
            renderer = self._known[name]
            renderer.put(itertools.islice(left, block), sweep)
            self._waiting += block
            self._wake(renderer)
        if self._waiting:
            for renderer in self._idle.values():
                self._at(self._now + self._draws.uniform(0, LOOK), lambda one=renderer: self._look(one))  # type: ignore[misc]
            self._idle.clear()

    def _wake(self, renderer: Renderer) -> None:
        """Something was put into its queue."""
        if renderer.dead:
            return
        before = len(renderer.singles) + len(renderer.sweeps)
        if not renderer.admit(self._now):
            return
        self._waiting -= before - len(renderer.singles) - len(renderer.sweeps)
        if renderer.turn is None:
            self._idle.pop(renderer.name, None)
            self._next(renderer)
        else:
            turn = renderer.turn
            end = renderer.cut(self._now)
            self._at(end, lambda: self._ended(renderer, turn))

    def _next(self, renderer: Renderer) -> None:
        turn = renderer.start(self._now)
        if turn is None:
            self._rest(renderer)
            return
        self._outcome.opened += turn.opening > 0
        self._at(turn.end, lambda: self._ended(renderer, turn))

    def _ended(self, renderer: Renderer, turn: Turn) -> None:
        if renderer.dead or renderer.turn is not turn or self._now < turn.end - 1e-9:
            return
        full = self._device.full
        outcome = self._outcome
        outcome.rows += turn.steps * min(len(turn.rows), full)
        outcome.possible += turn.steps * min(self._unfinished[turn.lane.name], full)
        outcome.busy += turn.end - turn.begun
        for picture in renderer.finish():
            request = picture.request
            self._unfinished[request.lane] -= 1
            request.left -= 1
            if not request.left:
                request.ended = self._now
            if not request.sweep:
                outcome.waits.append(picture.begun - request.asked)
        before = len(renderer.singles) + len(renderer.sweeps)
        renderer.admit(self._now)
        self._waiting -= before - len(renderer.singles) - len(renderer.sweeps)
        self._next(renderer)

    def _rest(self, renderer: Renderer) -> None:
        """It has nothing to do: it looks now and then, simulated only while something waits somewhere."""
        if self._waiting:
            self._at(self._now + self._draws.uniform(0, LOOK), lambda: self._look(renderer))
        else:
            self._idle[renderer.name] = renderer

    def _look(self, renderer: Renderer) -> None:
        """Takes from the tail of the longest queue."""
        if renderer.dead or renderer.turn is not None:
            return
        if self._waiting:
            queues = [(one.queue(sweep), sweep) for one in self._known.values() for sweep in (False, True)]
            longest, sweep = max(queues, key=lambda queue: len(queue[0]))
            block = self._rule([picture.lane for picture in longest], renderer.places(sweep))
            if block:
                self._take(renderer, longest, block, sweep)
                return
        self._rest(renderer)

    def _take(self, renderer: Renderer, queue: deque[Picture], block: int, sweep: bool) -> None:
        renderer.queue(sweep).extend(reversed([queue.pop() for _ in range(block)]))
        self._outcome.taken += block
        self._outcome.blocks += 1
        self._wake(renderer)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed; NaN of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan
