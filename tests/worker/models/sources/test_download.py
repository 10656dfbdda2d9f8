"""Weights files come from a server on this machine, whole or broken; only whole ones are ever used."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.models.sources.download import fetch, recorded
from featurelens.worker.models.sources.download_progress import Downloaded, told_to

CONTENT = bytes(range(256)) * 5000
NAME = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"
PART = f".{NAME}.part"


class Server(ThreadingHTTPServer):
    """Answers every path with `content` and says it is `length` bytes long; of a range, with what is behind `start`.

    `drops`: bytes after which each answer ends early. `ranges`: whether it knows ranges.
    """

    content: bytes = CONTENT
    length: int = len(CONTENT)
    asked = 0
    drops: int | None = None
    ranges = False
    starts: list[int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{NAME}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.asked += 1
        start = int(self.headers.get("Range", "bytes=0-")[6:-1]) if server.ranges else 0
        server.starts = [*getattr(server, "starts", []), start]
        if start and start >= server.length:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{server.length - 1}/{server.length}")
        self.send_header("Content-Length", str(server.length - start))
        self.end_headers()
        self.wfile.write(server.content[start:][: server.drops])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_is_downloaded_once(server: Server, tmp_path: Path) -> None:
    first, digest = fetch(server.url, tmp_path / "weights")
    assert first.read_bytes() == CONTENT
    assert digest == hashlib.sha256(CONTENT).hexdigest()
    assert fetch(server.url, tmp_path / "weights") == (first, digest)
    assert server.asked == 1
    assert {path.name for path in first.parent.iterdir()} == {NAME, f"{NAME}.sha256"}


def test_half_a_file_is_never_used(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[: len(CONTENT) // 2]
    with pytest.raises(ModelLoadFailed, match=NAME):
        fetch(server.url, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [PART]


def test_a_lost_connection_is_followed_by_another_that_goes_on(server: Server, tmp_path: Path) -> None:
    server.ranges, server.drops = True, 500_000
    assert fetch(server.url, tmp_path)[0].read_bytes() == CONTENT
    assert server.starts == [0, 500_000, 1_000_000]
    assert {path.name for path in tmp_path.iterdir()} == {NAME, f"{NAME}.sha256"}


def test_how_much_has_come_is_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(CONTENT[:1000])
    server.ranges = True
    told: list[Downloaded] = []
    with told_to(told.append):
        fetch(server.url, tmp_path)
    assert (told[0], told[-1]) == ((1000, len(CONTENT)), (len(CONTENT), len(CONTENT)))
    assert told == sorted(told)
    assert len(told) > 3


@pytest.mark.parametrize("ranges", [True, False])
def test_what_was_left_is_taken_up(server: Server, tmp_path: Path, ranges: bool) -> None:
    """Where the server knows no ranges, from the beginning."""
    (tmp_path / PART).write_bytes(CONTENT[:1000])
    server.ranges = ranges
    assert fetch(server.url, tmp_path)[0].read_bytes() == CONTENT
    assert server.starts == [1000 if ranges else 0]


@pytest.mark.parametrize("left", [bytes(1000), bytes(len(CONTENT)), bytes(len(CONTENT) + 1)])
def test_what_was_left_of_another_file_does_no_harm(server: Server, tmp_path: Path, left: bytes) -> None:
    (tmp_path / PART).write_bytes(left)
    server.ranges = True
    assert fetch(server.url, tmp_path)[0].read_bytes() == CONTENT


def test_two_that_want_the_same_file_wait_for_each_other(server: Server, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fetch(server.url, tmp_path), range(4)))
    assert len(set(found)) == 1
    assert {path.name for path in tmp_path.iterdir()} == {NAME, f"{NAME}.sha256"}


def test_another_file_under_the_name_is_refused(server: Server, tmp_path: Path) -> None:
    server.content = bytes(len(CONTENT))
    with pytest.raises(ModelLoadFailed, match="published digest"):
        fetch(server.url, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_on_disk_is_downloaded_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT[:100])
    assert fetch(server.url, tmp_path)[0].read_bytes() == CONTENT


def test_a_file_put_there_by_hand_needs_no_server(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    assert fetch(f"http://127.0.0.1:9/{NAME}", tmp_path)[0] == tmp_path / NAME


def test_a_failed_download_says_which_file_to_put_where(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:9/{NAME}"
    with pytest.raises(ModelLoadFailed) as caught:
        fetch(url, tmp_path)
    assert NAME in caught.value.detail
    assert url in caught.value.detail
    assert "cache/weights" in caught.value.detail
    assert str(tmp_path) not in caught.value.detail


def test_the_whole_digest_is_recorded_and_never_changes(tmp_path: Path) -> None:
    """Eight digits of a name can be forged; the file that was used first is the one from then on."""
    path = tmp_path / NAME
    path.write_bytes(CONTENT)
    assert recorded(path) is None
    fetch(f"http://127.0.0.1:9/{NAME}", tmp_path)
    assert recorded(path) == hashlib.sha256(CONTENT).hexdigest()
    record = tmp_path / f"{NAME}.sha256"
    record.write_text(f"{NAME[4:12]}{'0' * 56}  {NAME}\n")
    with pytest.raises(ModelLoadFailed, match="another file"):
        fetch(f"http://127.0.0.1:9/{NAME}", tmp_path)
    record.write_text("nonsense")
    assert fetch(f"http://127.0.0.1:9/{NAME}", tmp_path)[1] == recorded(path)
