"""Servers of socketserver that serve in a thread for as long as they are entered."""

from __future__ import annotations

import socketserver
import threading
from types import TracebackType
from typing import Self


class Background(socketserver.BaseServer):
    """Mixed into a server, before it."""

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
