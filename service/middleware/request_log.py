"""Each request gets a name, one line in the log unless it merely read something, and an answer whatever happens."""

from __future__ import annotations

import re
import time
from uuid import uuid4

import structlog
from opentelemetry import trace
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from featurelens.jobs.logs import logger
from featurelens.service.metrics import METHODS, NO_ROUTE, OTHER, REQUEST_SECONDS, REQUESTS
from featurelens.service.middleware.path_prefix import route_path
from featurelens.service.problems import unexpected
from featurelens.service.waits import counted

HEADER = "X-Request-ID"
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TOKEN = re.compile(rb"((?:^|&)token=)[^&]*")


class RequestLogMiddleware:
    """Takes the name that a proxy in front has given, or makes one; every line logged on the way carries it.

    What the endpoints learn (`structlog.contextvars`) is in the line too: client, key of the picture, attempt. What
    they raise is answered here, where the request still has its name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        name = given if _GIVEN.fullmatch(given) else uuid4().hex
        begun, status = time.perf_counter(), 0
        if _TOKEN.search(scope["query_string"]):  # it opens what it is for: no more in a trace than in the log
            trace.get_current_span().set_attribute(
                "url.query", _TOKEN.sub(rb"\1...", scope["query_string"]).decode("latin-1")
            )

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        with structlog.contextvars.bound_contextvars(request=name), counted() as waits:
            try:
                await self._app(scope, receive, named)
            except Exception as error:
                if status:
                    raise  # too late for another answer
                await unexpected(route_path(scope), error)(scope, receive, named)
            finally:
                method = scope["method"] if scope["method"] in METHODS else OTHER
                REQUESTS.labels(method, str(status)).inc()
                seconds = time.perf_counter() - begun
                route = getattr(scope.get("route"), "path", NO_ROUTE)
                REQUEST_SECONDS.labels(method, route).observe(seconds - waits.seconds)
                if method not in {"GET", "HEAD"} or status >= 500 or status == 0:
                    path = route_path(scope)
                    logger().info("request", method=method, path=path, status=status, seconds=round(seconds, 4))
