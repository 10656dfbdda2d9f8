"""A real HTTP server on this machine that is called back."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.support.background import Background


class Call(NamedTuple):
    """One that came."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Receiver(Background, ThreadingHTTPServer):
    """Keeps its `calls` and answers each with the next of `answers`, then with 204. `drips`: the head never ends."""

    daemon_threads = True

    def __init__(self, *answers: int, drips: bool = False, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[Call] = []
        self.answers = list(answers)
        self.drips = drips
        self._tls = tls
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str = "/heard", host: str = "127.0.0.1") -> str:
        return f"{'http' if self._tls is None else 'https'}://{host}:{self.port}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that goes away in the middle is nothing to print."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        server = self.server
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        server.calls.append(Call(self.path, headers, body))
        if server.drips:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for number in range(1000):
                self.wfile.write(f"x-{number}: y\r\n".encode())
                self.wfile.flush()
                time.sleep(0.02)
        status = server.answers.pop(0) if server.answers else 204
        self.send_response(status)
        if status in range(300, 400):
            self.send_header("Location", server.url("/elsewhere"))
        if status == 503:
            self.send_header("Retry-After", "7")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""
