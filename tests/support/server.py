"""A service on a real port, in a thread of the test's process, and a client of it."""

from __future__ import annotations

import socket
import threading
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import httpx

from featurelens.jobs.settings import Settings
from featurelens.service.app import create_app
from featurelens.service.http_server import HttpServer
from tests.support.wait import until


class Server:
    """Started when entered. `client` asks it; `api` is the app's OpenAPI document."""

    def __init__(self, settings: Settings) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        app = create_app(settings)
        self._document = app.openapi
        self.watcher = app.state.deps.views["visualization"].watcher
        self._index = app.state.deps.whole_index
        self._server = HttpServer(app, settings, listener)
        self._thread = threading.Thread(target=self._server.run)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.client = httpx.Client(base_url=self.url, timeout=30)

    @cached_property
    def api(self) -> dict[str, Any]:
        """Takes a second to put together, so that only who looks at it waits."""
        return self._document()

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self._server.started)
        return self

    def settle(self) -> None:
        """Waits until nothing that a request has started is under way, what goes on after its answer included."""
        until(lambda: not self._server.server_state.tasks, what="the service at rest")
        self._index.close()

    def end(self) -> None:
        """It answers no more."""
        self._server.should_exit = True
        self._thread.join()

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.client.close()
        self.end()
