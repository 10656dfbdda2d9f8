"""Below HTTP: headers that are large or slow, connections that say nothing, more of all than there is room for."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from featurelens.jobs.settings import Settings
from featurelens.launcher.claim import free_port
from featurelens.service.descriptors import OTHERS
from featurelens.service.http_server import GRACE, SPARE
from tests.support.paths import ROOT
from tests.support.server import Server
from tests.support.visualizations import BODY, URL
from tests.support.wait import until

HEAD = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"
FILES = 512
"""That a process may open; a third of them are left for requests."""


@pytest.fixture
def impatient(broker: str, tmp_path: Path, client: httpx.Client) -> Iterator[Server]:
    """Waits half a second for a header, and answers five requests at once."""
    with Server(Settings(redis_url=broker, state=tmp_path, header_seconds=0.5, connections=5)) as server:
        yield server


def connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def said(connection: socket.socket) -> bytes:
    """All that comes until the other side has ended."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def refused(answer: bytes, status: int, code: str) -> None:
    """A problem like any other, and the last thing that is said."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert lines[0].startswith(f"http/1.1 {status} ")
    assert {"connection: close", "content-type: application/problem+json", f"content-length: {len(body)}"} <= {*lines}
    problem: dict[str, Any] = json.loads(body)
    assert (problem["type"], problem["status"]) == (f"urn:featurelens:problem:{code}", status)


@pytest.mark.parametrize(
    "header",
    [
        b"X: " + b"x" * 70_000,
        b"\r\n".join(b"X%d: x" % number for number in range(9000)),
        b"X: " + b"x" * 300_000,
    ],
    ids=["one", "many", "larger than a read"],
)
@pytest.mark.parametrize("end", [b"\r\n\r\n", b""], ids=["whole", "without an end"])
def test_a_header_that_is_too_large(server: Server, header: bytes, end: bytes) -> None:
    with connected(server.url) as connection:
        connection.sendall(HEAD + header + end)
        refused(said(connection), 431, "header-too-large")


def test_an_address_that_is_too_large(server: Server) -> None:
    with connected(server.url) as connection:
        connection.sendall(b"GET /livez?" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        refused(said(connection), 431, "header-too-large")


def test_a_header_without_an_end_is_not_read_for_long(server: Server) -> None:
    """Three hundred megabytes were read before."""
    sent = 0
    with connected(server.url) as connection:
        connection.sendall(HEAD + b"X: ")
        with pytest.raises(OSError, match=r"reset|pipe"):
            while sent < 300 << 20:
                sent += connection.send(b"x" * 65536)
    assert sent < 64 << 20


def test_what_fits_is_answered(server: Server) -> None:
    """Also in pieces, and one request after the other on one connection, each with its own header."""
    with connected(server.url) as connection:
        for number in range(4):
            whole = HEAD + b"X: " + b"x" * 60_000 + (b"\r\nConnection: close" if number == 3 else b"") + b"\r\n\r\n"
            for start in range(0, len(whole), 20_000):
                connection.sendall(whole[start : start + 20_000])
        assert said(connection).count(b"HTTP/1.1 200 OK") == 4


def test_no_http(server: Server) -> None:
    with connected(server.url) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        refused(said(connection), 400, "bad-request")


@pytest.mark.parametrize("drop", [b"", b"\r\n", b"G", HEAD])
def test_a_header_that_does_not_come(impatient: Server, drop: bytes) -> None:
    """Neither by saying nothing, nor by saying a little from time to time."""
    begun = time.monotonic()
    with connected(impatient.url) as connection:
        connection.sendall(drop)
        heard = said(connection)
    assert 0.3 < time.monotonic() - begun < 5
    if drop:
        refused(heard, 408, "header-too-slow")
    else:
        assert heard == b""
    begun = time.monotonic()
    with connected(impatient.url) as connection, pytest.raises(OSError, match=r"reset|pipe|abort"):
        while time.monotonic() - begun < 20:
            connection.sendall(b"\r\n" if drop == b"\r\n" else b"X")
            time.sleep(0.05)
    assert time.monotonic() - begun < 5


def test_an_answer_may_take_longer_than_a_header(impatient: Server) -> None:
    """As streams of events do, and waiting for the end of a job."""
    answer = impatient.client.post(URL, json=BODY, headers={"Prefer": "wait=2"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=2")


def test_connections_that_say_nothing_give_way(server: Server, broker: str, tmp_path: Path) -> None:
    """However many there are, and though they may say nothing for long, a request gets through."""
    patient = Settings(redis_url=broker, state=tmp_path, header_seconds=60, connections=5)
    with Server(patient) as crowded, ExitStack() as held:
        for _ in range(3 * (5 + SPARE)):
            held.enter_context(connected(crowded.url))
        for _ in range(3):
            begun = time.monotonic()
            assert httpx.get(f"{crowded.url}/livez", timeout=20).status_code == 200
            assert time.monotonic() - begun < GRACE + 10


@contextmanager
def limited(broker: str, state: Path, files: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A service that may open so many files, and its address. What it says is in ``said`` of its state folder."""
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "REDIS_URL": broker, "FEATURELENS_STATE": str(state)}
    command = f"ulimit -n {files} && exec {sys.executable} -m featurelens.service"
    with (state / "said").open("wb") as out:
        process = subprocess.Popen(["bash", "-c", command], cwd=ROOT, env=environment, stderr=out)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def many_files() -> Iterator[None]:
    """This process needs some itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard < 4096 else max(soft, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez", timeout=20).status_code == 200
    except httpx.ConnectError:
        return False


@pytest.mark.usefixtures("many_files")
def test_more_than_there_are_files(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    """Half-open connections do not silence it; of event streams those beyond the limit get 503, and none a reset."""
    key = client.post(URL, json=BODY).json()["key"]
    request = f"GET {URL}/{key}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    room = FILES - OTHERS - SPARE
    with limited(broker, tmp_path, FILES) as (_, url):
        until(lambda: alive(url))
        with ExitStack() as held:
            for _ in range(FILES + 100):
                held.enter_context(connected(url))
            begun = time.monotonic()
            assert alive(url)
            assert time.monotonic() - begun < GRACE + 5
        with ExitStack() as held:
            streams = [held.enter_context(connected(url)) for _ in range(FILES + 100)]
            for stream in streams:
                stream.sendall(request)
            answers = Counter(first(stream) for stream in streams)
            assert answers == {b"HTTP/1.1 200 OK": room, b"HTTP/1.1 503 Service Unavailable": len(streams) - room}
            assert alive(url)
        until(lambda: httpx.get(f"{url}/v1/models", timeout=20).status_code == 200, what="room again")


def first(stream: socket.socket) -> bytes:
    """The first line of an answer."""
    try:
        return stream.recv(4096).partition(b"\r\n")[0]
    except ConnectionError as error:
        return str(error).encode()


def test_too_few_files(broker: str, tmp_path: Path) -> None:
    with limited(broker, tmp_path, OTHERS + SPARE) as (process, _):
        assert process.wait(30) == 1
    (line,) = (tmp_path / "said").read_text().splitlines()
    assert "ulimit -n" in line
