"""The renderer's end of the connection with one slot; it never blocks."""

from __future__ import annotations

import socket
import time

from pydantic import ValidationError

from featurelens.jobs.errors import FeaturelensError
from featurelens.jobs.kinds import kind_of
from featurelens.worker.models.sources.download_progress import Downloaded
from featurelens.worker.protocol import MAX_LINE, Ask, Failed, Finished, Preview, Progress, Stage, Watch
from featurelens.worker.renderer.work import Work

REPORT_INTERVAL = 0.25
"""Seconds between two reports of progress: reading a number from a GPU waits for all of its work."""


class Connection:
    """Receives an `Ask` and any `Watch`, and sends replies until the last one."""

    def __init__(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        self.socket = accepted
        self.ask: Ask | None = None
        self.work: Work | None = None
        self.begun = time.monotonic()
        self.grown = 0
        """Bytes that the renderer had grown by when the work began, beyond what others were taking."""
        self.over = False
        self.wants_preview = False
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._report_due = 0.0

    def receive(self) -> bool:
        """Parses what has arrived. False when the slot has disconnected or a message is too long."""
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._inbox += data
        if not data or len(self._inbox) > MAX_LINE:
            return False
        while b"\n" in self._inbox and not self.over:
            line, _, self._inbox = self._inbox.partition(b"\n")
            try:
                if self.ask is None:
                    self.ask = Ask.model_validate_json(bytes(line))
                else:
                    self.wants_preview = bool(Watch.model_validate_json(bytes(line)))
            except ValidationError as error:
                self.fail(
                    "render-failed", f"the renderer does not understand the request: {error.error_count()} errors"
                )
        return True

    @property
    def unsent(self) -> bool:
        return bool(self._outbox)

    def flush(self) -> bool:
        """Sends what the socket takes. False when the slot has disconnected or the last reply is sent."""
        try:
            while self._outbox:
                del self._outbox[: self.socket.send(self._outbox)]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return not self.over

    def report(self, stage: Stage, *, now: bool = False, coming: Downloaded | None = None) -> None:
        """Sends progress if it is due (or `now`); skipped while earlier bytes are still unsent. `coming`: weights."""
        if self.ask is None or self._outbox or (time.monotonic() < self._report_due and not now):
            return
        step, score = (self.work.step, self.work.score) if self.work else (0, None)
        steps = kind_of(self.ask.key).steps(self.ask.spec)
        got, of = coming or (None, None)
        message = Progress(stage=stage, step=step, steps=steps, score=score, downloaded=got, download_size=of)
        self._outbox += message.line()
        self._report_due = time.monotonic() + REPORT_INTERVAL

    def show(self, message: Preview, pixels: bytes) -> None:
        """Sends the preview that the slot has requested."""
        self.wants_preview = False
        self._outbox += message.line() + pixels

    def finish(self, message: Finished, payload: bytes) -> None:
        """Sends the result, the last reply, and what follows it."""
        self._outbox += message.line()
        self._outbox += payload
        self.over = True

    def fail(self, code: str, detail: str) -> None:
        """Sends a failure, the last reply."""
        self._outbox += Failed(code=code, detail=detail).line()
        self.over = True

    def fail_with(self, error: Exception) -> None:
        """Sends `error` as a failure: our own with its detail, any other with its type and first line, no traceback."""
        if isinstance(error, FeaturelensError):
            self.fail(error.code, error.detail)
        else:
            first = str(error).partition("\n")[0][:300]
            # The engine's own ValueErrors are written for clients.
            self.fail("render-failed", first if isinstance(error, ValueError) else f"{type(error).__name__}: {first}")
