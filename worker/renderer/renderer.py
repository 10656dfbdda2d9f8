"""The renderer: one long-lived process per device that keeps networks in memory and does many jobs at once.

One thread runs the loop: receive, one turn of the scheduler, send. So a job begins with the turn after its arrival, and
one whose slot has disconnected is dropped before the next tick.
"""

from __future__ import annotations

import selectors
import socket
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import cast

import torch

from featurelens.engine.device_check import check
from featurelens.jobs.kinds import KINDS
from featurelens.jobs.logs import logger
from featurelens.jobs.settings import NETWORKS_BYTES
from featurelens.jobs.store.photos import PhotoReader, Photos
from featurelens.worker.heartbeat import Heartbeat
from featurelens.worker.models.registry import Registry
from featurelens.worker.renderer.connection import Connection
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.growth import Growth, Outgrown
from featurelens.worker.renderer.lane_stats import LaneStats
from featurelens.worker.renderer.listener import Listener
from featurelens.worker.renderer.networks import Networks
from featurelens.worker.renderer.photographs import Photographs
from featurelens.worker.renderer.rest import Rest
from featurelens.worker.renderer.scheduler import Scheduler
from featurelens.worker.renderer.warm_up import warm_up
from featurelens.worker.renderer.work import Workshop


class Renderer:
    """Listens on the unix socket `path` until `stop` is called. In bytes: `budget` of `Networks`, `memory` of jobs."""

    def __init__(
        self,
        path: Path,
        device: torch.device,
        registry: Registry,
        photos: Photos,
        heartbeat: Heartbeat,
        budget: int = NETWORKS_BYTES,
        memory: int = 0,
        id: str = "",
    ) -> None:
        self.device = Device.of(device)
        self._heartbeat = heartbeat
        self._registry = registry
        self._networks = Networks(registry.load, self._interrupt, budget)
        self._photographs = Photographs(photos, self._interrupt)
        workshops = {kind.name: _workshop(kind.name, self.device, self._photographs) for kind in KINDS}
        self.stats = LaneStats(self.device, memory, id)
        heartbeat.tell = self.stats.tell
        usable = partial(check, device, self.device.dtype)
        self._growth = Growth()
        self._scheduler = Scheduler(workshops, self._networks, self.stats, usable, memory, self._grown)
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._interrupt_receiver, self._interrupt_sender = socket.socketpair()
        self._interrupt_receiver.setblocking(False)
        self._interrupt_sender.setblocking(False)
        self._selector.register(self._interrupt_receiver, selectors.EVENT_READ)
        self._rest = Rest()
        self._listener = Listener(path)
        self._selector.register(self._listener.socket, selectors.EVENT_READ)

    @property
    def wanted(self) -> bool:
        """As `Scheduler.wanted`."""
        return self._scheduler.wanted

    def warm_up(self) -> None:
        """Spares the first picture what torch does only once; without it that one takes longer."""
        try:
            entry = self._registry.entry("patternnet")
            warm_up(self._networks.load(entry.name, entry.digest), entry.input_size, self.device)
        except Exception as error:  # noqa: BLE001  # whatever it is, a job that meets it says so
            logger().warning("not warmed up", error=str(error))
        self._growth = Growth()

    def stop(self) -> None:
        """Ends `run` after the current turn; slots see their connections close."""
        self._stopping = True
        self._interrupt()

    def run(self) -> None:
        """Runs the loop until `stop` is called, then closes everything.

        Raises `NoSocket` when the socket is gone; `DeviceLost` before a job would fail because of that, and `Outgrown`
        before one would that has more room in a fresh process.
        """
        while not self._stopping:
            self._heartbeat.touch()
            self._listen()
            self._rest.tell(self._scheduler.busy)
            self._receive(timeout=0.0 if self._scheduler.busy else 1.0)
            try:
                self._scheduler.turn()
            except Outgrown:
                self._send()  # who had no room is told
                raise
            self._send()
        self._networks.close()
        self._photographs.close()
        for known in list(self._selector.get_map().values()):
            cast("socket.socket", known.fileobj).close()
        self._selector.close()
        self._interrupt_sender.close()

    def _grown(self) -> int:
        return self._growth.bytes() if self.device.torch_device.type == "cpu" else 0

    def _interrupt(self) -> None:
        try:
            self._interrupt_sender.send(b"!")
        except OSError:
            return  # enough bytes are waiting already, or the loop has ended

    def _listen(self) -> None:
        """Sees to it that slots find the socket."""
        former = self._listener.socket
        if self._listener.renewed():
            self._selector.unregister(former)
            self._selector.register(self._listener.socket, selectors.EVENT_READ)

    def _receive(self, timeout: float) -> None:
        """Accepts connections and receives messages; waits for one, or for room to send, at most `timeout` seconds.

        All that have asked by now begin together: one a turn, a lane of sixteen would need as many ticks to be full.
        """
        while self._received(timeout):
            timeout = 0.0

    def _received(self, timeout: float) -> bool:
        """Does it once; whether somebody has connected, who may have asked already."""
        connected = False
        for ready, _ in self._selector.select(timeout):
            if ready.fileobj is self._listener.socket:
                accepted, _ = self._listener.socket.accept()
                self._selector.register(accepted, selectors.EVENT_READ, Connection(accepted))
                connected = True
            elif ready.fileobj is self._interrupt_receiver:
                self._interrupt_receiver.recv(4096)
            else:
                connection: Connection = ready.data
                new = connection.ask is None
                if not connection.receive():
                    self._drop(connection)
                elif new and connection.ask is not None:
                    self._scheduler.enqueue(connection)
        return connected

    def _send(self) -> None:
        """Sends what the sockets take, and drops the connections that are done."""
        for key in list(self._selector.get_map().values()):
            connection = key.data
            if not isinstance(connection, Connection):
                continue
            if connection.flush():
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
                self._selector.modify(connection.socket, events, connection)
            else:
                self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        """Closes a connection and stops its work."""
        self._selector.unregister(connection.socket)
        connection.socket.close()
        self._scheduler.drop(connection)


def _workshop(kind: str, device: Device, photos: PhotoReader) -> Workshop:
    """The workshop of a kind: that of the module of its name (see `jobs.kinds`)."""
    made: Workshop = import_module(f"featurelens.worker.renderer.kinds.{kind}").workshop(device, photos)
    return made
