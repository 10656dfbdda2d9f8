"""How the service speaks HTTP: uvicorn, which accepts no more connections than there is room for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from featurelens.jobs.logs import logger
from featurelens.jobs.settings import Settings
from featurelens.service.http_protocol import BoundedProtocol

SHUTDOWN_PATIENCE = 5
"""Seconds that open requests have at the end; none of them needs longer unless its client is slow."""

SPARE = 64
"""Connections beyond the requests that are answered at once: to say 503 on, and for health."""

GRACE = 1.0
"""Seconds that a connection may wait for its request where others wait for a connection."""

_LOOK = 0.05
"""Seconds between two looks for room."""


class HttpServer(uvicorn.Server):
    """Serves `app` on `listener`, until `should_exit`.

    When all room is taken, the connection goes that has waited longest for a request. Without any such the next ones
    stay in the kernel's queue: none is accepted only to be cut off.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, listener: socket.socket, alive: Callable[[], None] | None = None
    ) -> None:
        """`alive` is called several times a second for as long as the event loop runs."""
        super().__init__(
            uvicorn.Config(
                app,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_PATIENCE,
                proxy_headers=False,  # `service.app` has them understood
            )
        )
        self._settings = settings
        self._listener = listener
        self._alive = alive
        self._accepting: asyncio.Task[None] | None = None
        self.room = settings.connections + SPARE

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, but that it accepts nothing by itself."""
        await super().startup(sockets=[])
        self._listener.setblocking(False)
        self._accepting = asyncio.create_task(self._accept())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """No new connections, then as uvicorn's."""
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.wait({self._accepting})
        self._listener.close()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """As uvicorn's, ten times a second."""
        if self._alive is not None:
            self._alive()
        return await super().on_tick(counter)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self._make_room(loop)
                accepted, _ = await loop.sock_accept(self._listener)
                await loop.connect_accepted_socket(self._protocol, accepted)
            except OSError as error:  # the client has gone, or there are too many open files
                logger().warning("connection not accepted", reason=error.strerror)
                await asyncio.sleep(_LOOK)

    async def _make_room(self, loop: asyncio.AbstractEventLoop) -> None:
        while len(self.server_state.connections) >= self.room:
            idle = [(one.idle_since, one) for one in self._connections() if one.idle_since is not None]
            since, longest = min(idle, key=lambda pair: pair[0], default=(loop.time(), None))
            if longest is not None and loop.time() - since > GRACE:
                longest.transport.abort()
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(_LOOK)

    def _connections(self) -> list[BoundedProtocol]:
        return cast("list[BoundedProtocol]", list(self.server_state.connections))

    def _protocol(self) -> BoundedProtocol:
        return BoundedProtocol(self._settings, self.config, self.server_state, self.lifespan.state)
