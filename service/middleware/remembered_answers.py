"""Gives an answer again, as it was given before, for as long as nothing has changed that decides it.

Finished pictures, their thumbnails and what is told of them are asked for far more often than they change. To match an
address, to resolve what an endpoint depends on and to write its JSON takes most of the time of such an answer.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from featurelens.jobs import addresses
from featurelens.jobs.errors import FeaturelensError
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.store.remembered import Remembered
from featurelens.service.auth.access import may_read
from featurelens.service.dependencies import Dependencies
from featurelens.service.middleware.path_prefix import route_path

ROOM = 32 << 20
"""Bytes of answers that are kept, with their addresses and headers."""

OVERHEAD = 2048
"""Bytes of an answer's headers and of what keeps it."""

_ADDRESS = re.compile(rf"{addresses.visualization(f'({VISUALIZATION.prefix}[0-9a-f]{{64}})')}(/image)?")
_DECIDING = frozenset({b"if-none-match", b"prefer", b"range"})
"""Headers with which a request asks for something else; such a request is for the endpoint."""


class Answer(NamedTuple):
    """What an endpoint has sent, and the route that the request was counted under."""

    start: Message
    body: Message
    route: object


class RememberedAnswersMiddleware:
    """Of pictures and their resources: answers with 200, by address and query. All else is the endpoint's.

    What is remembered is the answer to whoever may read, under the state that the result (`ResultStore.version`) and
    the evidence beside it had before the endpoint looked. So what changes meanwhile is at worst asked for again.
    """

    def __init__(self, app: ASGIApp, deps: Dependencies) -> None:
        self._app = app
        self._deps = deps
        self._answers = Remembered[Answer](ROOM)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        found = _ADDRESS.fullmatch(route_path(scope)) if scope["type"] == "http" and scope["method"] == "GET" else None
        if found is None or not self._usual(scope):
            await self._app(scope, receive, send)
            return
        key, picture = found.groups()
        state = await self._state(key, picture=bool(picture))
        name = (scope.get("root_path", ""), scope["path"], scope["query_string"])
        known = None if state is None else self._answers.get(name, state)
        if known is None:
            await self._app(scope, receive, send if state is None else self._heard(name, state, scope, send))
            return
        if picture:
            self._deps.store.used(key)
        scope["route"] = known.route
        await send({**known.start, "headers": list(known.start["headers"])})
        await send(known.body)

    def _usual(self, scope: Scope) -> bool:
        return _DECIDING.isdisjoint(name for name, _ in scope["headers"]) and may_read(self._deps, Headers(scope=scope))

    async def _state(self, key: str, *, picture: bool) -> Hashable:
        """None: not known without asking the store for more than the times of files."""
        try:
            version = self._deps.store.version(key)
            if picture or version is None:
                return version
            evidence = await run_in_threadpool(self._deps.evidences.version, key)
        except (FeaturelensError, OSError):
            return None  # the endpoint meets it too, and says what it is
        return None if evidence is None else (version, evidence)

    def _heard(self, name: Hashable, state: Hashable, scope: Scope, send: Send) -> Send:
        """`send` that remembers an answer that is whole."""
        start: Message = {}

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                start.update(message, headers=list(message["headers"]))
            elif message["type"] == "http.response.body" and start and not message.get("more_body"):
                answer = Answer(start, dict(message), scope.get("route"))
                size = len(message["body"]) + len(scope["path"]) + len(scope["query_string"]) + OVERHEAD
                self._answers.keep(name, state, answer, size)
            await send(message)

        return heard
