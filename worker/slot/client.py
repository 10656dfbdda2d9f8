"""The slot's end of the socket: sends one job to the renderer and receives its result."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

from featurelens.jobs.errors import BY_CODE, RendererLost, RenderError, RenderFailed
from featurelens.jobs.unix_address import unix_address
from featurelens.worker.protocol import MAX_LINE, REPLY, Ask, Failed, Finished, Preview, Progress, Watch
from featurelens.worker.slot.preview_relay import PreviewRelay
from featurelens.worker.slot.stop import Stop

CONNECT_PATIENCE = 60.0
"""Seconds to wait for a renderer that is being restarted and loads its libraries."""

SILENCE = 10.0
"""Seconds without a message after which the renderer's heartbeat is checked (a download may take longer)."""

HUNG_PATIENCE = 30.0
"""Seconds to wait for the launcher to kill a hung renderer: asking the same one again would cost executions."""

_CHUNK = 1 << 18
_GONE = "the renderer went away in the middle of the job"


def converse(
    path: Path,
    ask: Ask,
    on_progress: Callable[[Progress], object],
    alive: Callable[[], bool],
    patience: float = CONNECT_PATIENCE,
    relay: PreviewRelay | None = None,
    stop: Stop | None = None,
) -> tuple[Finished, bytes]:
    """Sends `ask` and returns the last message and what follows it. What `on_progress` raises closes the connection.

    `alive` is called after every `SILENCE` and tells whether the renderer has a heartbeat; it is given up once looks
    that found none add up to `HUNG_PATIENCE`. `relay` requests and receives previews, `stop` is told the connection.
    Raises `RendererLost` when no renderer accepts within `patience` seconds or it goes away, and the `RenderError` that
    the renderer answers with.
    """
    with _connect(path, patience, alive) as connection:
        if stop is not None:
            stop.connected(connection)
        try:
            return _talk(_Stream(connection, alive), ask, on_progress, relay)
        except RendererLost as lost:
            lost.renderer = _peer(connection)
            raise


def _talk(
    stream: _Stream, ask: Ask, on_progress: Callable[[Progress], object], relay: PreviewRelay | None
) -> tuple[Finished, bytes]:
    stream.send(ask.line())
    while True:
        reply = REPLY.validate_json(stream.line())
        if isinstance(reply, Finished):
            return reply, stream.exactly(reply.bytes)
        if isinstance(reply, Failed):
            raise _error(reply)
        if isinstance(reply, Preview):
            pixels = stream.exactly(reply.bytes)
            if relay is not None:
                relay.show(reply, pixels)
            continue
        on_progress(reply)
        if relay is not None and reply.stage == "rendering" and relay.wants_one():
            stream.send(Watch().line())


def _connect(path: Path, patience: float, alive: Callable[[], bool]) -> socket.socket:
    silent = time.monotonic()
    deadline = silent + patience
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with unix_address(path) as address:
                connection.connect(address)
            return connection
        except OSError as error:
            connection.close()
            if time.monotonic() > deadline:
                raise RendererLost(f"no renderer answered within {patience:.0f} s") from error
            if time.monotonic() > silent + SILENCE:
                alive()
                silent = time.monotonic()
            time.sleep(0.1)


def _error(reply: Failed) -> RenderError:
    kind = BY_CODE.get(reply.code, RenderFailed)
    return (kind if issubclass(kind, RenderError) else RenderFailed)(reply.detail)


def _peer(connection: socket.socket) -> int | None:
    """The id of the process on the other side. Only Linux tells."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    ids = struct.Struct("3i")
    return int(ids.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, ids.size))[0])


class _Stream:
    """Lines and counted bytes from a socket; the heartbeat of the other side is checked in every silence."""

    def __init__(self, connection: socket.socket, alive: Callable[[], bool]) -> None:
        self._connection = connection
        self._alive = alive
        self._buffer = bytearray()

    def send(self, line: bytes) -> None:
        try:
            self._connection.sendall(line)
        except OSError as error:
            raise RendererLost(_GONE) from error

    def line(self) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > MAX_LINE:
                raise RenderFailed("the renderer sent a message without an end")
            self._receive()
        return self._take(end + 1)

    def exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._receive()
        return self._take(count)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _receive(self) -> None:
        missed = 0.0
        while not select.select([self._connection], [], [], SILENCE)[0]:
            missed = 0.0 if self._alive() else missed + SILENCE
            if missed > HUNG_PATIENCE:
                raise RendererLost("the renderer stopped answering")
        try:
            chunk = self._connection.recv(_CHUNK)
        except OSError as error:
            raise RendererLost(_GONE) from error
        if not chunk:
            raise RendererLost(_GONE)
        self._buffer += chunk
