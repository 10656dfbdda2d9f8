"""Uploads are decoded in processes that may die; the service neither grows nor falls silent."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from PIL import Image

from featurelens.jobs.errors import InvalidSpec
from featurelens.jobs.store.photo_decoding import MAX_PIXELS, normalized
from featurelens.launcher.claim import free_port
from featurelens.service import decoding
from featurelens.service.decoding import Decoding
from tests.support.paths import ROOT
from tests.support.photographs import corners, encoded
from tests.support.processes import children
from tests.support.wait import until

PNG = {"Content-Type": "image/png"}
FLAT = 30
"""MiB by which the service may grow: what it holds of the uploads themselves, and threads."""


@pytest.fixture
def decode() -> Iterator[Decoding]:
    made = Decoding()
    yield made
    made.close()


def huge() -> bytes:
    """As many pixels as are taken, transparent ones, in a hundred kilobytes."""
    return encoded(Image.new("RGBA", (6000, MAX_PIXELS // 6000), (200, 100, 50, 128)))


def program(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import os, sys, time; {code}")


def test_as_in_this_process(decode: Decoding) -> None:
    """One process for the small ones, which ends after a large one; none is left in the end."""
    before = children(os.getpid())
    for upload in (encoded(corners()), encoded(corners(), "JPEG")):
        assert decode(upload) == normalized(upload)
    with pytest.raises(InvalidSpec, match="readable picture") as refused:
        decode(b"nonsense")
    assert refused.value.faults[0].detail == refused.value.detail
    assert len(children(os.getpid())) == len(before) + 1
    assert decode(huge()) == normalized(huge())
    assert len(children(os.getpid())) == len(before)
    assert decode(encoded(corners())) == normalized(encoded(corners()))
    decode.close()
    assert len(children(os.getpid())) == len(before)


@pytest.mark.parametrize(
    "command",
    [
        program("os.abort()"),
        program("sys.stdin.buffer.read(99); sys.stdout.write('half'); sys.stdout.flush(); os.kill(os.getpid(), 9)"),
        program("sys.stdin.buffer.read(99); sys.stdout.write('\\1\\0' + 7 * '\\0' + '\\7half')"),
        program("time.sleep(60)"),
        program("from featurelens.jobs.store import photo_process as it; it.MEMORY = 200 << 20; sys.exit(it.main())"),
    ],
    ids=["dies", "is killed", "ends in the middle", "hangs", "runs out of memory"],
)
def test_one_that_does_not_survive(decode: Decoding, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    upload = huge()
    with monkeypatch.context() as broken:
        broken.setattr(decoding, "_COMMAND", command)
        broken.setattr(decoding, "PATIENCE", 2.0)
        for _ in range(2):
            with pytest.raises(InvalidSpec, match="memory and the time"):
                decode(upload)
    assert decode(encoded(corners())) == normalized(encoded(corners()))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_service_does_not_grow(broker: str, tmp_path: Path) -> None:
    """Six of the largest at once; whether it is ready is answered throughout."""
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "REDIS_URL": broker, "FEATURELENS_STATE": str(tmp_path)}
    command = [sys.executable, "-m", "featurelens.service"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            until(lambda: answers(client))
            before, upload = peak(process.pid), huge()
            with ThreadPoolExecutor(6) as pool, probing(client) as slowest:
                sent = list(pool.map(lambda _: client.post("/v1/photos", content=upload, headers=PNG), range(6)))
        assert {answer.status_code for answer in sent} == {201}
        assert len({answer.json()["photo"] for answer in sent}) == 1
        assert peak(process.pid) - before < FLAT
        assert slowest() < 2
    finally:
        process.terminate()
        process.wait(20)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx.ConnectError:
        return False


def peak(pid: int) -> int:
    """MiB of memory that a process has had at most."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


class probing:  # noqa: N801  # a context manager
    """Asks for health all the time; called, it says how many seconds the slowest answer took."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._slowest = 0.0

    def __call__(self) -> float:
        return self._slowest

    def __enter__(self) -> probing:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(0.05):
            for path in ("/livez", "/readyz"):
                begun = time.monotonic()
                self._client.get(path)
                self._slowest = max(self._slowest, time.monotonic() - begun)
