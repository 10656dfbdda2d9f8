"""A renderer without torch: speaks the protocol over a real socket from its own process; the seed says how it behaves.

Run as ``python -m tests.support.fake_renderer SOCKET JOURNAL``; it writes ``asked``, ``finished`` and ``dropped``, each
with the key, to the journal.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer

from featurelens.jobs.queue.deaths import OUTGROWN
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.protocol import Ask, Failed, FileHead, Finished, Preview, Progress, Watch

QUICK, SLOW, HANGS_UP, REFUSES, DIES_ONCE, UNKNOWN_FAULT, SEVERAL, KILLS, ATTACHES, FULL = range(10)
"""Seeds. SLOW: 20 ms a step. HANGS_UP: end of file. DIES_ONCE, KILLS: the process is gone, the first time or always.
ATTACHES: files beside the picture. FULL: no room, and the process is gone, as one that leaves others to a fresh one."""

ATTACHED = {"first.bin": bytes(range(256)), "second.bin": b"", "third.bin": b"the end"}


class _Handler(StreamRequestHandler):
    server: _Renderer

    def handle(self) -> None:
        line = self.rfile.readline()
        if not line:
            return
        ask = Ask.model_validate_json(line)
        self.server.note("asked", ask.key)
        try:
            self.answer(ask)
        except (BrokenPipeError, ConnectionResetError):
            self.server.note("dropped", ask.key)
        else:
            self.server.note("finished", ask.key)

    def answer(self, ask: Ask) -> None:
        spec = ask.spec
        assert isinstance(spec, VisualizationSpec)
        seed = spec.seed
        if seed == HANGS_UP:
            return
        if seed == DIES_ONCE and self.server.journal.read_text().count(f"asked {ask.key}") == 1:
            os._exit(1)
        if seed == KILLS:
            time.sleep(0.3)
            os._exit(1)
        if seed == FULL:
            time.sleep(0.3)
            self.wfile.write(Failed(code="renderer-full", detail="no room").line())
            os._exit(OUTGROWN)
        if seed == REFUSES:
            self.wfile.write(Failed(code="model-load-failed", detail="put weights.pth into the cache").line())
            return
        if seed == UNKNOWN_FAULT:
            self.wfile.write(Failed(code="no-such-code", detail="odd").line())
            return
        self.wfile.write(Progress(stage="loading", step=0, steps=spec.steps).line())
        for step in range(1, spec.steps + 1):
            self.wfile.write(Progress(stage="rendering", step=step, steps=spec.steps, score=step / 2).line())
            if seed == SLOW:
                time.sleep(0.02)
                while select.select([self.connection], [], [], 0)[0] and self.rfile.readline() == Watch().line():
                    preview = Preview(step=step, height=2, width=3, channels=3)
                    self.wfile.write(preview.line() + bytes(preview.bytes))
        assert spec.size is not None
        height, width = spec.size
        pictures = 2 if seed == SEVERAL else 1
        numbers = {"activation": 1.5, "seed": seed, "device": "fake"}
        contents = ATTACHED if seed == ATTACHES else {}
        files = [FileHead(name=name, media_type="x/y", bytes=len(content)) for name, content in contents.items()]
        done = Finished(pictures=pictures, height=height, width=width, channels=3, files=files, numbers=numbers)
        pixels = b"".join(
            bytes([(spec.channel or 0) % 256, 100 + picture, 200]) * (height * width) for picture in range(pictures)
        )
        self.wfile.write(done.line() + pixels + b"".join(contents.values()))


class _Renderer(ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: Path, journal: Path) -> None:
        path.unlink(missing_ok=True)
        journal.touch()
        self.journal = journal
        self._lock = threading.Lock()
        super().__init__(str(path), _Handler)

    def note(self, what: str, key: str) -> None:
        with self._lock, self.journal.open("a") as file:
            file.write(f"{what} {key}\n")


if __name__ == "__main__":
    with _Renderer(Path(sys.argv[1]), Path(sys.argv[2])) as renderer:
        renderer.serve_forever()
