"""So many requests at once and no more: the next one is refused with a problem like any other."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from featurelens.jobs import addresses
from featurelens.service.middleware.path_prefix import route_path
from featurelens.service.problems import busy

FREE = frozenset({addresses.LIVENESS, addresses.READINESS, addresses.METRICS})
"""Monitoring must get through when the service is busy."""


class ConnectionLimitMiddleware:
    """Counts the requests that are being answered, streams included."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] != "http" or route_path(scope) in FREE:
            await self._app(scope, receive, send)
        elif self._open >= self._limit:
            await busy(self._limit)(scope, receive, send)
        else:
            self._open += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._open -= 1
