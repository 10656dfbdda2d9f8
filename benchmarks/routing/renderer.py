"""One simulated renderer: queues, places in the making, open lanes, and whose turn it is."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from benchmarks.routing.device import OPENING, STEPS, Device
from featurelens.jobs.queue.routing import Blocks
from featurelens.worker.renderer.lanes import IDLE
from featurelens.worker.renderer.scheduler import SWEEP_EVERY, SWEEPS_BESIDE
from featurelens.worker.renderer.stretches import Stretches

TURN = 8
"""Steps that are simulated as one turn, unless a picture joins or ends before: the real one changes after each."""


@dataclass(slots=True)
class Request:
    """What somebody asked for: one picture, or a sweep. Times are in seconds of the virtual clock."""

    lane: str
    pictures: int
    sweep: bool
    asked: float
    ended: float = math.nan
    left: int = 0


@dataclass(slots=True)
class Picture:
    request: Request
    left: int = STEPS
    begun: float = math.nan
    """When it was first in the making."""

    @property
    def lane(self) -> str:
        return self.request.lane


@dataclass(slots=True)
class OpenLane:
    """Pictures in the making, and the seconds and turns it has had (`worker/renderer/fair_share.py`)."""

    name: str
    works: list[Picture] = field(default_factory=list)
    seconds: float = 0.0
    turns: int = 0
    opened: bool = False


@dataclass(slots=True)
class Turn:
    """`steps` steps of `rows`, of which each takes `tick` seconds, from `begun` on, after `opening` seconds."""

    due: OpenLane
    """The one whose turn it was; where it is of sweeps, `lane` may be another."""
    lane: OpenLane
    rows: list[Picture]
    begun: float
    opening: float
    tick: float
    steps: int

    @property
    def end(self) -> float:
        return self.begun + self.opening + self.steps * self.tick


class Renderer:
    """What the rules of `worker/renderer/scheduler.py` make of the pictures it is dealt."""

    def __init__(self, name: str, device: Device) -> None:
        self.name = name
        self.device = device
        self.singles: deque[Picture] = deque()
        self.sweeps: deque[Picture] = deque()
        self.dead = False
        self.turn: Turn | None = None
        self.busy = 0.0
        self.lanes: dict[str, OpenLane] = {}
        self.making = {True: 0, False: 0}
        """In the making, of sweeps and of others."""
        self._blocks = Blocks()
        self._stretches = Stretches()

    def put(self, pictures: Iterable[Picture], sweep: bool) -> None:
        """Into its queue: those of sweeps into blocks, others to the end."""
        for picture in pictures:
            if sweep:
                self._blocks.put(self.sweeps, picture.lane, picture, self.places(True))
            else:
                self.singles.append(picture)

    def queue(self, sweep: bool) -> deque[Picture]:
        return self.sweeps if sweep else self.singles

    def backlog(self, sweep: bool) -> int:
        """Pictures of sweeps, or others, that wait or are in the making."""
        return len(self.queue(sweep)) + self.making[sweep]

    def places(self, sweep: bool) -> int:
        return self.device.sweeps if sweep else self.device.singles

    def admit(self, now: float) -> bool:
        """Takes what it has places for out of its queues; whether there was anything."""
        taken = False
        for sweep in (False, True):
            queue = self.queue(sweep)
            while queue and self.making[sweep] < self.places(sweep):
                self._begin(queue.popleft(), now)
                taken = True
        return taken

    def start(self, now: float) -> Turn | None:
        """The next turn, of the lane that has used least time or one in its stead; None: nothing is in the making."""
        due = min((one for one in self.lanes.values() if one.works), key=lambda one: one.seconds, default=None)
        if due is None:
            self.turn = None
            return None
        lanes = {one.name: one.works for one in self.lanes.values() if one.works}
        swept = {name: works for name, works in lanes.items() if all(work.request.sweep for work in works)}
        lane = self.lanes[str(self._stretches.instead(due.name, swept))]
        rows = self._chosen(lane)
        opening = 0.0 if lane.opened else OPENING
        lane.opened = True
        steps = min(TURN, min(one.left for one in rows))
        self.turn = Turn(due, lane, rows, now, opening, self.device.tick(len(rows)), steps)
        return self.turn

    def cut(self, now: float) -> float:
        """Ends the turn in progress with the step that is being made; when that will be."""
        turn = self.turn
        assert turn is not None
        done = math.ceil((now - turn.begun - turn.opening) / turn.tick - 1e-9)
        turn.steps = min(turn.steps, max(1, done))
        return turn.end

    def finish(self) -> list[Picture]:
        """Ends the turn; the pictures that are finished."""
        turn = self.turn
        assert turn is not None
        lane, seconds = turn.lane, turn.end - turn.begun
        turn.due.seconds += seconds
        turn.due.turns += 1
        self._stretches.spend(lane.name, seconds)
        self.busy += seconds
        for picture in turn.rows:
            picture.left -= turn.steps
        ended = [picture for picture in turn.rows if picture.left <= 0]
        if ended:
            lane.works = [picture for picture in lane.works if picture.left > 0]
            for picture in ended:
                self.making[picture.request.sweep] -= 1
            self._close()
        return ended

    def lost(self) -> Iterator[Picture]:
        """Everything it had, those in the making first, all to be made from the beginning."""
        for lane in self.lanes.values():
            for picture in lane.works:
                picture.left = STEPS
                yield picture
        yield from self.singles
        yield from self.sweeps
        self.lanes.clear()
        self.singles.clear()
        self.sweeps.clear()
        self.making = {True: 0, False: 0}

    def _begin(self, picture: Picture, now: float) -> None:
        if math.isnan(picture.begun):
            picture.begun = now
        self.making[picture.request.sweep] += 1
        lane = self.lanes.pop(picture.lane, None) or OpenLane(picture.lane)
        if not lane.works:  # level with the one that has used least: nobody is owed time for having been away
            least = min((one.seconds for one in self.lanes.values() if one.works), default=0.0)
            lane.seconds, lane.turns = least, 0
        lane.works.append(picture)
        self.lanes[picture.lane] = lane

    def _close(self) -> None:
        for idle in [name for name, lane in self.lanes.items() if not lane.works][:-IDLE]:
            del self.lanes[idle]

    def _chosen(self, lane: OpenLane) -> list[Picture]:
        single = [picture for picture in lane.works if not picture.request.sweep]
        swept = [picture for picture in lane.works if picture.request.sweep]
        if single:
            del swept[SWEEPS_BESIDE:]
        first = swept + single if lane.turns % SWEEP_EVERY == SWEEP_EVERY - 1 else single + swept
        return first[: self.device.limit]
