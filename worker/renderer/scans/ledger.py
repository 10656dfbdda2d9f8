"""Which images of a scan are read by whom, in the broker: a plan for each scan that is being read, and leases.

What stands here is never needed: where it is lost, or wrong, images are read twice and what is found out is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from pydantic import ValidationError
from redis import Redis, WatchError

from featurelens.worker.renderer.scans.plan import Plan

OFFERS = "featurelens:scans-read"
"""Hash: the key of a scan that is being read -> what a helper has to ask its renderer for, an `Ask` as JSON."""

_PLAN, _LEASE = "featurelens:scan-plan:", "featurelens:scan-lease:"
"""Before the key of a scan; before the holder of a piece."""

PLAN_EXPIRY, LEASE = 60, 30
"""Seconds without a sign of who reads the whole, and of a helper; a batch may take ten."""

Leases = Mapping[str, int]
"""By the holder of a piece, while it reads: images before this number are read."""


class Standing(NamedTuple):
    """A plan, and the leases of its pieces."""

    plan: Plan
    leases: Leases

    def read(self, done: int) -> int:
        """Images that have been read when the whole has come to `done`."""
        ahead = (one for one in self.plan.pieces if one.first >= done)
        return done + sum(self.leases.get(one.holder, one.done) - one.first for one in ahead)


class Ledger:
    """Every method raises `RedisError`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def offers(self) -> list[tuple[bytes, str]]:
        """What a helper may ask its renderer for now, and the conditions of the plan."""
        found = []
        for key, ask in cast("dict[bytes, bytes]", self._redis.hgetall(OFFERS)).items():
            standing = self.look(key.decode())
            if standing is None:
                self._redis.hdel(OFFERS, key)
            elif standing.plan.claimable(standing.leases):
                found.append((ask, standing.plan.conditions))
        return found

    def change(
        self, key: str, change: Callable[[Standing | None], Plan | None], offer: str | None = None
    ) -> Standing | None:
        """Puts what `change` makes of the plan in its place, unless that is None, which is returned then.

        With an `offer` the plan stays for another `PLAN_EXPIRY`, and the offer with it.
        """
        with self._redis.pipeline(transaction=True) as pipe:
            while True:
                try:
                    pipe.watch(_PLAN + key)  # type: ignore[no-untyped-call]
                    standing = self._look(pipe, key)
                    plan = change(standing)
                    if plan is None:
                        return None
                    pipe.multi()
                    if offer is None:
                        pipe.set(_PLAN + key, plan.model_dump_json(), keepttl=True)
                    else:
                        pipe.set(_PLAN + key, plan.model_dump_json(), ex=PLAN_EXPIRY)
                        pipe.hset(OFFERS, key, offer)
                    pipe.execute()
                    return Standing(plan, {} if standing is None else standing.leases)
                except WatchError:
                    continue

    def look(self, key: str) -> Standing | None:
        """How a scan stands that is being read."""
        return self._look(self._redis, key)

    def close(self, key: str, owner: str) -> None:
        """Ends the plan of this owner."""
        standing = self.look(key)
        if standing is not None and standing.plan.owner == owner:
            self._redis.delete(_PLAN + key)
            self._redis.hdel(OFFERS, key)

    def lease(self, holder: str, done: int) -> None:
        """Shows that `holder` reads, and has come to `done`."""
        self._redis.set(_LEASE + holder, done, ex=LEASE)

    def end_lease(self, holder: str) -> None:
        self._redis.delete(_LEASE + holder)

    def holds(self, key: str, holder: str) -> bool:
        """Whether a piece is still this holder's."""
        standing = self.look(key)
        return standing is not None and standing.plan.holds(holder)

    def _look(self, redis: Redis, key: str) -> Standing | None:
        try:
            plan = Plan.model_validate_json(cast("bytes | None", redis.get(_PLAN + key)) or b"")
        except ValidationError:  # there is none, or one of another version
            return None
        held = [one for one in plan.pieces if one.held]
        found = cast("list[bytes | None]", redis.mget([_LEASE + one.holder for one in held])) if held else []
        pairs = zip(held, found, strict=True)
        return Standing(plan, {one.holder: max(one.first, int(done)) for one, done in pairs if done is not None})
