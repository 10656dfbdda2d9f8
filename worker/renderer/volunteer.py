"""Has an idle renderer help with scans that others read: as a slot would, it asks its own renderer by the socket.

It hangs up as soon as there is a job; until the renderer notices, the help has no turn beside that.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError
from redis import Redis, RedisError

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.logs import logger
from featurelens.jobs.queue.records import Records
from featurelens.jobs.queue.router import Router
from featurelens.jobs.unix_address import unix_address
from featurelens.worker.protocol import REPLY, Ask, Failed, Finished
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.scans.ledger import Ledger
from featurelens.worker.renderer.scans.sharing import met

LOOK_EVERY = 1.0
"""Seconds between two looks for a scan."""

AGAIN_AFTER = 60.0
"""Seconds until it tries to help again with a scan that it could not help with."""

_NOTICE = 0.1
"""Seconds until it notices that there is a job."""


class Volunteer(threading.Thread):
    """For the renderer `id` at `path`; `wanted` tells whether it has a job."""

    def __init__(self, redis: Redis, id: str, path: Path, device: Device, wanted: Callable[[], bool]) -> None:
        super().__init__(name="volunteer", daemon=True)
        self._id, self._path, self._device, self._wanted = id, path, device, wanted
        self._ledger, self._records, self._router = Ledger(redis), Records(redis), Router(redis)
        self._not_before: dict[str, float] = {}
        """By the key of a scan that could not be helped with."""
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        while not self._stopped.wait(LOOK_EVERY):
            ask = None if self._wanted() else self._offered()
            if ask is not None and not self._helped(ask):
                self._not_before[ask.key] = time.monotonic() + AGAIN_AFTER

    def _offered(self) -> Ask | None:
        """What to ask for; None where there is nothing that this renderer could help with."""
        now = time.monotonic()
        self._not_before = {key: until for key, until in self._not_before.items() if until > now}
        try:
            for told, conditions in self._ledger.offers():
                ask = Ask.model_validate_json(told)
                if ask.key not in self._not_before and met(conditions, self._device) and self._able(ask.key):
                    return ask
        except (RedisError, ValidationError, OtherVersion) as error:
            logger().info("no scans looked for", reason=type(error).__name__)
        return None

    def _able(self, key: str) -> bool:
        """Whether this renderer could do the job as well: it has the memory, its worker network and data set."""
        record = self._records.read(key)
        return record is not None and self._router.able(QUEUE, self._id, [record.demand(key)]) == [True]

    def _helped(self, ask: Ask) -> bool:
        """Has the renderer help until nothing is left or there is a job. False: it could not."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                with unix_address(self._path) as address:
                    connection.connect(address)
                connection.sendall(ask.line())
                connection.settimeout(_NOTICE)
                return self._listened(connection)
            except OSError as error:
                logger().info("no help with a scan", key=ask.key, reason=str(error))
                return False

    def _listened(self, connection: socket.socket) -> bool:
        inbox = b""
        while not self._wanted() and not self._stopped.is_set():
            try:
                received = connection.recv(1 << 16)
            except TimeoutError:
                continue
            if not received:
                return False
            *lines, inbox = (inbox + received).split(b"\n")
            for reply in map(REPLY.validate_json, lines):
                if isinstance(reply, Failed):
                    return False
                if isinstance(reply, Finished):
                    return True
        return True
