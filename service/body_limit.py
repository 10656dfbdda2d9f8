"""A body that is too large is not read. FastAPI's own limit answers in plain text, this one in `service.problems`."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Raises HTTPException 413 in whoever reads more than `limit` bytes of a body, or starts to read a longer one.

    `exceptions` are paths with a limit of their own.
    """

    def __init__(self, app: ASGIApp, limit: int, exceptions: Mapping[str, int]) -> None:
        self._app = app
        self._limit = limit
        self._exceptions = exceptions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._exceptions.get(scope["path"], self._limit)
        length = Headers(scope=scope).get("content-length", "")
        announced = int(length) if length.isdecimal() else 0
        total = 0
        too_large = HTTPException(413, f"the body is larger than the {limit:,} bytes that this address takes")

        async def counted() -> Message:
            nonlocal total
            if announced > limit:
                raise too_large
            message = await receive()
            total += len(message.get("body", b""))
            if total > limit:
                raise too_large
            return message

        await self._app(scope, counted, send)
