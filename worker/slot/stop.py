"""Ends one execution among others of its process."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Stop:
    """Asked from another thread, it closes the connection to the renderer, which drops the job before its next step."""

    def __init__(self) -> None:
        self.asked = False
        self._connection: socket.socket | None = None
        self._lock = threading.Lock()

    def ask(self) -> None:
        """Stops the execution, whether it has connected yet or not."""
        with self._lock:
            self.asked = True
            self._hang_up()

    def connected(self, connection: socket.socket) -> None:
        """Called with each connection that the execution makes."""
        with self._lock:
            self._connection = connection
            if self.asked:
                self._hang_up()

    def _hang_up(self) -> None:
        if self._connection is not None:
            with suppress(OSError):  # closed already, by either side
                self._connection.shutdown(socket.SHUT_RDWR)
