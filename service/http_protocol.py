"""uvicorn's HTTP protocol with bounds: a request may be neither large nor slow, and an answer has to be read."""

from __future__ import annotations

import asyncio
import fcntl
import sys
import termios
from typing import Any

from starlette.responses import JSONResponse
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from featurelens.jobs.settings import Settings
from featurelens.service import problems

LINGER = 1.0
"""Seconds that a client has to read why it is refused, while what it still sends is thrown away."""

_THROWN_AWAY = 4 << 20
"""Bytes of it, beyond which nothing is read any more."""

STALLED, TAKEN = 30.0, 1 << 16
"""Seconds in which a client that reads more slowly than it is answered has to take so many bytes."""

BODY_MARGIN = 5.0
"""Seconds beyond those for a body: within them it is refused in the usual way (`service.middleware.body_limit`)."""


class _TooLarge(Exception):
    """A header has outgrown the limit. Never leaves the parser."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `idle_since` says since when it waits for a request (None: it has one), by the loop's clock."""

    def __init__(self, settings: Settings, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._settings = settings
        self.idle_since: float | None = self.loop.time()
        self._heading = True
        self._received = 0
        """Bytes of the current header that have come; `_parsed` are those that are understood."""
        self._parsed = 0
        self._timer: asyncio.TimerHandle | None = None
        self._refused = False
        self._stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """From now on the first request has to come."""
        super().connection_made(transport)
        self._expect_header()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._wait(None)
        self._look_later(None)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """More has been written than has been taken: what is left is in our memory."""
        super().pause_writing()
        self._look_later(self._left())

    def resume_writing(self) -> None:
        super().resume_writing()
        self._look_later(None)

    def data_received(self, data: bytes) -> None:
        """Parses; a header that is too large when all of this has come is refused."""
        if self._refused:
            self._received += len(data)
            if self._received > _THROWN_AWAY:
                self.flow.pause_reading()
            return
        if self._heading:
            self._received += len(data)
            if self._timer is None:
                self._expect_header()
        super().data_received(data)
        if self._heading and self._received > self._settings.header_bytes and not self.transport.is_closing():
            self._refuse(problems.header_too_large(self._settings.header_bytes))

    def on_url(self, url: bytes) -> None:
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(name, b": ", value, b"\r\n")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request begins; its body has to come."""
        self._heading, self._received, self._parsed, self.idle_since = False, 0, 0, None
        self._wait(self._settings.body_seconds + BODY_MARGIN)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of the request has come; what comes now is the next one."""
        self._heading = True
        self._wait(None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """It waits for another request, unless that has come already."""
        super().on_response_complete()
        if self.cycle.response_complete:
            self.idle_since = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed is refused like everything else."""
        too_large = self._parsed > self._settings.header_bytes
        self._refuse(problems.header_too_large(self._settings.header_bytes) if too_large else problems.malformed(msg))

    def _count(self, *parts: bytes) -> None:
        self._parsed += sum(map(len, parts))
        if self._parsed > self._settings.header_bytes:
            raise _TooLarge

    def _expect_header(self) -> None:
        self._wait(self._settings.header_seconds)

    def _wait(self, seconds: float | None) -> None:
        """`_late` is called in `seconds`, and at no other time."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._late)

    def _look_later(self, left: int | None) -> None:
        """Whether enough of the `left` bytes has been taken by then; None: all has been, nearly."""
        if self._stall is not None:
            self._stall.cancel()
        self._stall = None if left is None else self.loop.call_later(STALLED, self._look, left)

    def _look(self, before: int) -> None:
        left = self._left()
        if before - left < TAKEN:
            self.transport.abort()
        else:
            self._look_later(left)

    def _left(self) -> int:
        """Bytes that the other side has not taken yet, in our memory and in the system's."""
        left: int = self.transport.get_write_buffer_size()
        if sys.platform == "linux":  # there a full buffer of megabytes takes nothing for long, and then much at once
            queued = fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
            left += int.from_bytes(queued, sys.byteorder)
        return left

    def _late(self) -> None:
        if self._heading and self._received:
            self._refuse(problems.header_too_slow(self._settings.header_seconds))
        else:
            self.transport.close()

    def _refuse(self, answer: JSONResponse) -> None:
        """Says why, unless an earlier request is being answered, and ends the connection."""
        self._wait(None)
        self._refused = True
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_encoded(answer))
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self.loop.call_later(LINGER, self.transport.close)
        else:
            self.transport.close()


def _encoded(answer: JSONResponse) -> bytes:
    """As it goes over the wire, with the end of the connection."""
    headers = b"".join(name + b": " + value + b"\r\n" for name, value in answer.raw_headers)
    return b"HTTP/1.1 %d \r\n%sconnection: close\r\n\r\n%s" % (answer.status_code, headers, bytes(answer.body))
