"""Weights files come from a server on this machine, whole or broken; only whole ones are ever used."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.models.sources.download import fetch, recorded

CONTENT = bytes(range(256)) * 5000
NAME = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


class Server(ThreadingHTTPServer):
    """Answers every path with `content` and says it is `length` bytes long."""

    content: bytes = CONTENT
    length: int = len(CONTENT)
    asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{NAME}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(200)
        self.send_header("Content-Length", str(self.server.length))
        self.end_headers()
        self.wfile.write(self.server.content)

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
    assert list(tmp_path.iterdir()) == []


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
