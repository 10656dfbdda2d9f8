"""A body that is too large is not read, one that does not come is not waited for.

FastAPI's own limit answers in plain text, this one in `service.problems`.
"""

from __future__ import annotations

from collections.abc import Mapping

import anyio
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from featurelens.service.middleware.path_prefix import route_path

_CLOSE = {"Connection": "close"}
"""What is still to come of the body is not the next request."""


class BodyLimitMiddleware:
    """Raises HTTPException 413 in whoever reads more than `limit` bytes of a body, or starts to read a longer one.

    And 408 when not all of it has come within `seconds`. `exceptions` are paths with a limit of their own.
    """

    def __init__(self, app: ASGIApp, limit: int, seconds: float, exceptions: Mapping[str, int]) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds
        self._exceptions = exceptions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._exceptions.get(route_path(scope), self._limit)
        length = Headers(scope=scope).get("content-length", "")
        announced = int(length) if length.isdecimal() else 0
        total, whole = 0, False
        too_large = HTTPException(413, f"the body is larger than the {limit:,} bytes that this address takes", _CLOSE)
        deadline = anyio.current_time() + self._seconds

        async def counted() -> Message:
            nonlocal total, whole
            if whole:
                return await receive()  # which says when the client has gone
            if announced > limit:
                raise too_large
            try:
                with anyio.fail_after(deadline - anyio.current_time()):
                    message = await receive()
            except TimeoutError:
                detail = f"the body has not come within {self._seconds:g} s"
                raise HTTPException(408, detail, _CLOSE) from None
            whole = not message.get("more_body", False)
            total += len(message.get("body", b""))
            if total > limit:
                raise too_large
            return message

        await self._app(scope, counted, send)
