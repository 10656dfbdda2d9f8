"""The two sides of a scan that several read: who reads the whole, and who helps with a piece at a time.

The broker may be away: then the whole is read alone, and who helps goes on with its piece.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any
from uuid import uuid4

import torch
from redis import RedisError

from featurelens.jobs.logs import logger
from featurelens.jobs.version import VERSION
from featurelens.worker.renderer.device import Device, versions
from featurelens.worker.renderer.scans.ledger import Ledger, Standing
from featurelens.worker.renderer.scans.plan import Piece, Plan

_Change = Callable[[Standing | None], Plan | None]


def shared(conditions: Mapping[str, Any]) -> str:
    """The `conditions` of a plan: those of checkpoints, and the version, as JSON."""
    return json.dumps({**conditions, "featurelens": VERSION}, sort_keys=True)


def met(conditions: str, device: Device) -> bool:
    """Whether `device` meets those of a plan, as far as it knows without the network."""
    here = {"device": device.name, "instructions": device.instructions, "threads": torch.get_num_threads()}
    told = json.loads(conditions)
    return bool({**told, **here, "versions": versions(), "featurelens": VERSION} == told)


class Whole:
    """Of who reads the whole scan `key`; `offer` is what helpers ask their renderers for. Used from any thread."""

    def __init__(self, ledger: Ledger | None, key: str, offer: str) -> None:
        self._ledger, self._key, self._offer = ledger, key, offer
        self._owner = uuid4().hex
        self._plan = Plan(owner=self._owner, conditions="", rows=1, images=0)
        self._lock = Lock()

    def open(self, conditions: str, rows: int, images: int, parts: Sequence[range]) -> Standing:
        """Goes on with the plan that the execution before has left, else begins one, with `parts` in the store."""
        fresh = Plan.of(self._owner, conditions, rows, images, parts)

        def opened(there: Standing | None) -> Plan:
            plan = fresh if there is None else there.plan
            same = (plan.conditions, plan.rows, plan.images) == (conditions, rows, images)
            return (plan if same else fresh).model_copy(update={"owner": self._owner}, deep=True)

        self._plan = fresh
        return self._changed(opened)

    def hold(self, done: int, ahead: int, missing: int | None = None) -> Standing:
        """The whole has come to `done`, and `ahead` images are next. There is no checkpoint of the piece `missing`."""

        def advanced(there: Standing | None) -> Plan | None:
            plan = self._plan.model_copy(deep=True) if there is None else there.plan
            if plan.owner != self._owner:
                return None  # another execution reads the whole by now, this one will be told
            if missing is not None:
                plan.free(missing)
            plan.advance(done, ahead)
            return plan

        return self._changed(advanced)

    def close(self) -> None:
        """Helpers end with their next step."""
        with self._lock:
            ledger, self._ledger = self._ledger, None
            try:
                if ledger is not None:
                    ledger.close(self._key, self._owner)
            except RedisError as error:
                logger().info("the plan of a scan will expire", key=self._key, reason=type(error).__name__)

    def _changed(self, change: _Change) -> Standing:
        with self._lock:
            standing = None
            try:
                if self._ledger is not None:
                    standing = self._ledger.change(self._key, change, self._offer)
            except RedisError as error:
                logger().info("a scan is read alone for now", key=self._key, reason=type(error).__name__)
            if standing is None:
                standing = Standing(change(None) or self._plan, {})
            self._plan = standing.plan
            return standing


class Claimed:
    """A piece of the scan `key` that is read here."""

    def __init__(self, ledger: Ledger, key: str, holder: str, piece: Piece) -> None:
        self._ledger, self._key, self._holder = ledger, key, holder
        self.part = range(piece.first, piece.stop)

    def renew(self, done: int) -> bool:
        """Images of the piece before `done` are read. False: it is not ours any more."""
        try:
            self._ledger.lease(self._holder, done)
            return self._ledger.holds(self._key, self._holder)
        except RedisError:
            return True

    def end(self, kept: int) -> None:
        """No more of it is read: images before `kept` are in its checkpoint."""

        def ended(there: Standing | None) -> Plan | None:
            if there is None or not there.plan.holds(self._holder):
                return None
            there.plan.end(self._holder, kept)
            return there.plan

        try:
            self._ledger.change(self._key, ended)
            self._ledger.end_lease(self._holder)
        except RedisError as error:
            logger().info("the lease of a piece will expire", key=self._key, reason=type(error).__name__)


def claim(ledger: Ledger, key: str, conditions: str) -> Claimed | None:
    """A piece of the scan `key`, if it is read under these `conditions`; None where there is none."""
    holder, found = uuid4().hex, list[Piece]()

    def claimed(there: Standing | None) -> Plan | None:
        fits = there is not None and there.plan.conditions == conditions
        piece = there.plan.claim(holder, there.leases) if there is not None and fits else None
        if there is None or piece is None:
            return None
        found[:] = [piece]
        return there.plan

    try:
        ledger.lease(holder, 0)
        if ledger.change(key, claimed) is not None:
            return Claimed(ledger, key, holder, found[0])
        ledger.end_lease(holder)
    except RedisError as error:
        logger().info("no help with a scan", key=key, reason=type(error).__name__)
    return None
