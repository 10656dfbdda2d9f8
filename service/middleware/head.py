"""Answers HEAD as GET without the body, for every address; no endpoint declares it."""

from __future__ import annotations

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadMiddleware:
    """Calls the endpoint as for GET and cancels it as soon as it has sent its headers, so that no stream begins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        with anyio.CancelScope() as call:

            async def bare(message: Message) -> None:
                if message["type"] == "http.response.start":
                    await send(message)
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    call.cancel()

            inner = {**scope, "method": "GET"}
            try:
                await self._app(inner, receive, bare)
            finally:
                scope["route"] = inner.get("route")
