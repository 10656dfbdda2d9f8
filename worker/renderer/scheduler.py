"""Which jobs wait for a network, which are in progress, and which advance in a tick. Knows no kind and no socket.

A turn is one tick of one group: of the one that has used least time (`fair_share`), or, where that has only work of
sweeps, of such a one for all of them (`stretches`). Where a group has more work than a tick takes, single jobs go
before those of sweeps, but in one of its turns of four, so that neither starves. Help for another renderer has the
turns that nobody else wants.

What has no room in memory beside the others waits until they have left, and what takes much waits in line behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from featurelens.engine import VERSION
from featurelens.engine.device_check import DeviceLost
from featurelens.engine.memory import out_of_memory
from featurelens.jobs.errors import RendererFull, RenderFailed
from featurelens.jobs.kinds import kind_of
from featurelens.jobs.logs import logger
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.connection import Connection
from featurelens.worker.renderer.fair_share import FairShare
from featurelens.worker.renderer.growth import Outgrown
from featurelens.worker.renderer.lane_stats import LaneStats
from featurelens.worker.renderer.networks import Networks
from featurelens.worker.renderer.photographs import BeingRead
from featurelens.worker.renderer.stretches import Stretches
from featurelens.worker.renderer.tick_spans import TickSpans
from featurelens.worker.renderer.work import Group, Work, Workshop

SWEEP_EVERY = 4
"""Sweeps go first in one of so many turns."""

SWEEPS_BESIDE = 4
"""Pictures of sweeps in a tick, at most, beside a job asked for alone: it waits for each tick as a whole."""

_WORTH = 8
"""Of the memory a job takes so much must be to be gained by a fresh process: an eighth."""

_SMALL = 1 / 64
"""Of the memory: what takes no more waits for nobody's, a quarter of the device is kept free for it."""


class Scheduler:
    """Admits jobs to the workshop of their kind and ticks groups.

    `workshops` is by the name of the kind; `memory` is how many bytes all jobs together may take (0: any). `check`
    raises where the failure of a job is none of its own, because nothing can be computed any more. `grown` tells by how
    many bytes this process has become larger than a fresh one.
    """

    def __init__(
        self,
        workshops: Mapping[str, Workshop],
        networks: Networks,
        stats: LaneStats,
        check: Callable[[], None],
        memory: int = 0,
        grown: Callable[[], int] = lambda: 0,
    ) -> None:
        self._workshops = workshops
        self._networks = networks
        self._stats = stats
        self._check = check
        self._waiting: list[Connection] = []
        self._working: dict[int, Connection] = {}
        """By the identity of the work."""
        self._shares, self._stretches = FairShare(), Stretches()
        self._memory = memory
        self._grown = grown
        self._spans = TickSpans()

    @property
    def busy(self) -> bool:
        """Whether a job is in progress."""
        return bool(self._working)

    @property
    def wanted(self) -> bool:
        """Whether there is a job that is no help for another renderer; from any thread."""
        there = [*list(self._waiting), *list(self._working.values())]
        return any(one.ask is not None and not one.ask.help for one in there)

    def enqueue(self, connection: Connection) -> None:
        """Adds the job of a connection, which waits for its network and its photograph."""
        self._waiting.append(connection)

    def drop(self, connection: Connection) -> None:
        """Removes the job of a connection, finished or not."""
        if connection in self._waiting:
            self._waiting.remove(connection)
        if connection.work is not None and self._working.pop(id(connection.work), None) is not None:
            self._spans.end([connection.work])
            connection.work.leave()

    def turn(self) -> None:
        """Admits the jobs whose network is loaded and photograph read, then advances one group by one tick."""
        self._admit()
        groups = self._groups()
        groups = [one for one in groups if not all(work.ask.help for work in one.works)] or groups
        due = self._shares.next(groups)
        if due is not None:
            swept = {one.identity: one for one in groups if all(work.ask.sweep for work in one.works)}
            turn = self._stretches.instead(due.identity, {lane: one.works for lane, one in swept.items()})
            group = swept.get(turn, due)
            with self._shares.turn(due) as turns, self._stretches.turn(group.identity):
                self._tick(group, sweeps_first=turns % SWEEP_EVERY == SWEEP_EVERY - 1)
        self._stats.note(self._groups(), len(self._waiting))

    def _groups(self) -> list[Group]:
        return [group for workshop in self._workshops.values() for group in workshop.groups()]

    def _admit(self) -> None:
        crowded = False
        for connection in list(self._waiting):
            ask = connection.ask
            assert ask is not None
            try:
                if ask.engine not in {"", VERSION}:
                    raise RenderFailed(
                        "another version of the engine makes pictures since this was asked for; ask again"
                    )
                network = self._networks.get(ask.spec.model, ask.digest)
                crowded = crowded or not self._has_room(ask)
                if network is None or (crowded and ask.memory > self._memory * _SMALL):
                    coming = self._networks.downloaded(ask.spec.model, ask.digest) if network is None else None
                    connection.report("downloading" if coming else "loading", coming=coming)
                    continue
                connection.grown = self._grown() - self._taken()
                connection.work = self._workshops[kind_of(ask.key).name].begin(ask, network, connection.begun)
            except BeingRead:
                connection.report("loading")
                continue
            except Exception as error:  # noqa: BLE001  # the job fails with its reason, the renderer goes on
                self._fail(connection, error)
            else:
                self._working[id(connection.work)] = connection
                connection.report(connection.work.stage, now=True)
            self._waiting.remove(connection)
        self._make_room()

    def _has_room(self, ask: Ask) -> bool:
        """Beside those in progress; whoever is alone has, whatever it takes."""
        taken = self._taken()
        return not self._memory or not taken or taken + ask.memory <= self._memory

    def _taken(self) -> int:
        """Bytes that those in progress take, as estimated."""
        return sum(one.ask.memory for one in self._working.values() if one.ask is not None)

    def _make_room(self) -> None:
        """Keeps the weights in memory within their budget."""
        asked = {(one.ask.spec.model, one.ask.digest) for one in self._waiting if one.ask is not None}
        busy = {(group.network.name, group.network.digest) for group in self._groups()}
        gone = self._networks.settle(asked | busy)
        for workshop in self._workshops.values():
            workshop.release(gone)

    def _tick(self, group: Group, *, sweeps_first: bool) -> None:
        try:
            chosen = choose(group.works, group.room, sweeps_first=sweeps_first)
            with self._stats.tick(group, chosen), self._spans.tick(chosen):
                ended = group.tick(chosen)
        except Exception as error:  # noqa: BLE001  # its jobs fail with the reason, other groups go on
            logger().exception("a tick failed", model=group.network.name)
            self._spans.end(group.works)
            for work in list(group.works):
                work.leave()
                self._fail(self._working.pop(id(work)), error)
            return
        self._spans.end(ended)
        for work in ended:
            connection = self._working.pop(id(work))
            try:
                connection.finish(*work.finish())
            except Exception as error:  # noqa: BLE001  # as above
                self._fail(connection, error)
        for work in group.works:
            connection = self._working[id(work)]
            connection.report(work.stage)
            if connection.wants_preview and not connection.unsent:
                preview = work.preview()
                if preview is not None:
                    connection.show(*preview)

    def _fail(self, connection: Connection, error: Exception) -> None:
        """Raises `Outgrown` instead where the job may do better in a fresh process."""
        try:
            self._check()
        except DeviceLost as lost:
            self._refuse(connection, lost)
            raise
        if out_of_memory(error):
            self._refuse(connection, error)
        named = {"key": connection.ask.key, "attempt": connection.ask.attempt} if connection.ask else {}
        logger().warning("job failed", **named, error=str(error))
        connection.fail_with(error)

    def _refuse(self, connection: Connection, error: Exception) -> None:
        """Raises `Outgrown` if this process had grown before the job began; a fresh one has no reason to fail."""
        if connection.ask and connection.grown > connection.ask.memory // _WORTH:
            logger().warning("no room", key=connection.ask.key, attempt=connection.ask.attempt, grown=connection.grown)
            connection.fail_with(RendererFull(getattr(error, "detail", "there was no room in memory for it")))
            raise Outgrown(f"its heap has grown by {connection.grown:,} bytes: {error}") from error


def choose(works: Sequence[Work], room: int, *, sweeps_first: bool) -> list[Work]:
    """The works that advance in a tick of `room` rows, at least one; of equal priority in the order given."""
    single = [work for work in works if not work.ask.sweep]
    swept = [work for work in works if work.ask.sweep][: SWEEPS_BESIDE if single else None]
    chosen: list[Work] = []
    for work in swept + single if sweeps_first else single + swept:
        room -= work.rows
        if room < 0 and chosen:
            break
        chosen.append(work)
    return chosen
