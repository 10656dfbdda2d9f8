"""Who does not read what is answered: little of it is in memory, and not for long."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

import httpx
import pytest

from featurelens.jobs import addresses
from featurelens.jobs.kinds import MAPS
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.service import http_protocol, responses
from tests.support.catalog import ENTRY
from tests.support.maps import put
from tests.support.server import Server
from tests.support.wait import until

SPEC = MapsSpec(model=ENTRY.name, photo="sha256:" + "0" * 64, layer="conv2", size=(64, 96))
SIZE = 24 << 20
CONTENT = bytes(range(256)) * (SIZE // 256)
KEY = MAPS.key(SPEC, ENTRY.digest, ENTRY.renderer)
PATH = addresses.maps_file(KEY)


@pytest.fixture
def large(client: httpx.Client, server: Server, store: FileStore) -> Server:
    """Has a file of 24 MiB."""
    put(store, KEY, SPEC, {}, CONTENT)
    return server


def asking(server: Server, room: int = 4096) -> socket.socket:
    """Has asked for the file, and has room for so many bytes of it."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    connection.settimeout(20)
    connection.connect((host, int(port)))
    connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    return connection


def heard_by(connection: socket.socket) -> int:
    """Bytes, until the other side ends."""
    heard = 0
    with suppress(ConnectionResetError):
        while some := connection.recv(1 << 20):
            heard += len(some)
    return heard


def test_a_file_is_read_as_it_is_sent(large: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    part = FileStore.file_part

    def counted(store: FileStore, key: str, name: str, start: int, length: int) -> bytes | None:
        read.append(length)
        return part(store, key, name, start, length)

    monkeypatch.setattr(FileStore, "file_part", counted)
    with asking(large):
        until(lambda: bool(read))
        time.sleep(1)
        # As much as the system takes for us, and a piece.
        assert sum(read) <= SIZE // 2
    answer = httpx.get(large.url + PATH)
    assert answer.content == CONTENT
    assert answer.headers["content-length"] == str(SIZE)
    assert max(read) == responses.PIECE


def test_who_stops_reading_is_let_go(large: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "STALLED", 1.0)
    with asking(large) as still, asking(large, 1 << 20) as slow:
        heard = 0
        while some := slow.recv(1 << 19, socket.MSG_WAITALL):
            heard += len(some)
            time.sleep(0.05)
        assert heard > SIZE
        assert heard_by(still) < SIZE


def test_what_is_deleted_meanwhile_ends_short(large: Server, store: FileStore) -> None:
    with asking(large) as connection:
        assert connection.recv(1024).startswith(b"HTTP/1.1 200")
        assert store.delete(KEY)
        assert heard_by(connection) < SIZE
    assert httpx.get(large.url + PATH).status_code == 404
