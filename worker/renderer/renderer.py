"""The renderer: one long-lived process per device that keeps networks warm and advances many pictures at once.

One thread does it all: it looks at the sockets, advances every lane by one tick, and looks again. So a picture joins
at the next step after it is asked for, and one whose slot has gone is dropped before the next step.
"""

from __future__ import annotations

import selectors
import socket
import time
from pathlib import Path
from typing import cast

import torch

from featurelens.engine.lane import Lane
from featurelens.jobs.logs import logger
from featurelens.jobs.settings import NETWORKS_BYTES
from featurelens.jobs.store.photos import Photos
from featurelens.worker.models.registry import Registry
from featurelens.worker.renderer.connection import Connection
from featurelens.worker.renderer.heartbeat import Heartbeat
from featurelens.worker.renderer.lane_stats import LaneStats
from featurelens.worker.renderer.lanes import Lanes
from featurelens.worker.renderer.networks import Networks
from featurelens.worker.renderer.preview import preview
from featurelens.worker.renderer.recipes import recipe
from featurelens.worker.renderer.response import Response


class Renderer:
    """Listens on the unix socket `path` until `stop` is called. `budget` is that of `Networks`, in bytes."""

    def __init__(
        self,
        path: Path,
        device: torch.device,
        registry: Registry,
        photos: Photos,
        heartbeat: Heartbeat,
        budget: int = NETWORKS_BYTES,
    ) -> None:
        self.lanes = Lanes(device)
        self._heartbeat = heartbeat
        self._photos = photos
        self._networks = Networks(registry.load, self._wake, budget)
        self._waiting: list[Connection] = []
        self._rendering: dict[int, tuple[Connection, Lane]] = {}
        self._stats = heartbeat.stats = LaneStats(self.lanes, self._waiting)
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._awake, self._bell = socket.socketpair()
        self._awake.setblocking(False)
        self._bell.setblocking(False)
        self._selector.register(self._awake, selectors.EVENT_READ)
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen(256)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def stop(self) -> None:
        """Ends `run` after the current step; slots see their connections close and ask again elsewhere."""
        self._stopping = True
        self._wake()

    def run(self) -> None:
        while not self._stopping:
            self._heartbeat.touch()
            self._look(timeout=0.0 if self._rendering else 1.0)
            self._admit()
            for lane in self.lanes:
                self._tick(lane)
            self._flush()
        self._networks.close()
        for known in list(self._selector.get_map().values()):
            cast("socket.socket", known.fileobj).close()
        self._selector.close()
        self._bell.close()

    def _wake(self) -> None:
        try:
            self._bell.send(b"!")
        except OSError:
            return  # it rings already, or the loop is over

    def _look(self, timeout: float) -> None:
        """Takes in what has arrived, at the latest after `timeout` seconds or when there is room to send more."""
        for ready, _ in self._selector.select(timeout):
            if ready.fileobj is self._listener:
                connection, _ = self._listener.accept()
                conversation = Connection(connection)
                self._selector.register(connection, selectors.EVENT_READ, conversation)
            elif ready.fileobj is self._awake:
                self._awake.recv(4096)
            else:
                conversation = ready.data
                new = conversation.ask is None
                if not conversation.receive():
                    self._drop(conversation)
                elif new and conversation.ask is not None:
                    self._waiting.append(conversation)

    def _flush(self) -> None:
        """Sends what there is to say, before anybody waits for anything."""
        for key in list(self._selector.get_map().values()):
            conversation = key.data
            if not isinstance(conversation, Connection):
                continue
            if conversation.flush():
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if conversation.unsent else 0)
                self._selector.modify(conversation.connection, events, conversation)
            else:
                self._drop(conversation)

    def _drop(self, conversation: Connection) -> None:
        """Forgets a connection and takes its picture out of its lane."""
        self._selector.unregister(conversation.connection)
        conversation.connection.close()
        if conversation in self._waiting:
            self._waiting.remove(conversation)
        if conversation.render is not None:
            _, lane = self._rendering.pop(id(conversation.render), (None, None))
            if lane is not None:
                lane.leave(conversation.render)

    def _admit(self) -> None:
        """Lets those join a lane whose network is loaded."""
        for conversation in list(self._waiting):
            ask = conversation.ask
            assert ask is not None
            try:
                network = self._networks.get(ask.spec.model, ask.digest)
                if network is None:
                    conversation.report("loading")
                    continue
                wanted = recipe(ask.spec, network, self._photos.get)
                lane = self.lanes.get(network, wanted.objective.layers, wanted.size)
                conversation.render = lane.join(wanted)
            except Exception as error:  # noqa: BLE001  # the job fails with its reason, the renderer goes on
                self._fail(conversation, error)
            else:
                self._rendering[id(conversation.render)] = (conversation, lane)
                conversation.report("rendering", now=True)
            self._waiting.remove(conversation)
        self._make_room()

    def _make_room(self) -> None:
        """Keeps the weights within their budget."""
        asked = {(one.ask.spec.model, one.ask.digest) for one in self._waiting if one.ask is not None}
        self.lanes.close(self._networks.settle(self.lanes.busy() | asked))

    def _tick(self, lane: Lane) -> None:
        try:
            with self._stats.tick(lane):
                done = lane.tick()
        except Exception as error:  # noqa: BLE001  # its pictures fail with the reason, other lanes go on
            logger().exception("a lane failed", model=lane.network.name)
            for render in list(lane.optimizations):
                lane.leave(render)
                self._fail(self._rendering.pop(id(render))[0], error)
            return
        for render in done:
            conversation, _ = self._rendering.pop(id(render))
            try:
                if render.failure is not None:
                    raise render.failure
                self._finish(conversation, lane)
            except Exception as error:  # noqa: BLE001  # as above
                self._fail(conversation, error)
        for render in lane.optimizations:
            conversation, _ = self._rendering[id(render)]
            conversation.report("rendering")
            if conversation.wants_preview and render.step and not conversation.unsent:
                conversation.show(*preview(lane, render))

    def _fail(self, conversation: Connection, error: Exception) -> None:
        named = {"key": conversation.ask.key, "attempt": conversation.ask.attempt} if conversation.ask else {}
        logger().warning("picture failed", **named, error=str(error))
        conversation.fail_with(error)

    def _finish(self, conversation: Connection, lane: Lane) -> None:
        ask, render = conversation.ask, conversation.render
        assert ask is not None
        assert render is not None
        result = lane.result(render)
        answer = Response(ask, result, render.step, time.monotonic() - conversation.begun)
        conversation.finish(*answer.message(lane.network, lane.device, lane.dtype))
