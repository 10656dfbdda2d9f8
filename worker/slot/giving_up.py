"""Jobs that wait for what no worker holds any more, as a network whose folder was removed everywhere: they end."""

from __future__ import annotations

from collections.abc import Iterable

from redis import Redis

from featurelens.jobs.errors import NoWorker
from featurelens.jobs.logs import logger
from featurelens.jobs.queue.dealing import Dealings, Waiting
from featurelens.jobs.queue.router import Router, unheld
from featurelens.jobs.silence import Silence

PATIENCE = 3600.0
"""Seconds for which others run and none holds what a job needs, after which it ends: a machine may be away for long."""


class GivingUp:
    """Of a slot, which looks every `pace` seconds, and counts by its own looks."""

    def __init__(self, redis: Redis, pace: float) -> None:
        self._dealings = Dealings(redis)
        self._router = Router(redis)
        self._pace = pace
        self._unheld: dict[tuple[str, ...], Silence] = {}
        """By what nobody holds: since when."""

    def forget(self) -> None:
        """What was counted, as there is nobody whose jobs could not be dealt out."""
        self._unheld.clear()

    def end(self, queue: str, source: str, waiting: Iterable[Waiting]) -> int:
        """Ends those of `waiting`, in the queue `source`, one of `queue`, whose time has come; returns how many."""
        jobs: dict[tuple[str, ...], list[Waiting]] = {needs: [] for needs in self._unheld}
        for one in waiting:
            if one.demand is not None:
                jobs.setdefault(one.demand.needs, []).append(one)
        if not jobs or self._router.missing(queue) is not None:
            return 0
        ended = 0
        for needs, those in jobs.items():
            if self._router.holders(queue, needs):
                self._unheld.pop(needs, None)
            elif self._unheld.setdefault(needs, Silence(self._pace)).seconds(needs) >= PATIENCE:
                error = NoWorker(f"{unheld(needs)}, and none has had it for {PATIENCE / 60:.0f} minutes")
                given_up = sum(self._dealings.end(source, one, error) for one in those)
                if given_up:
                    logger().warning("given up", jobs=given_up, source=source, reason=error.detail)
                ended += given_up
        return ended
