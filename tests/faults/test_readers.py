"""Readers of events that vanish, or do not read: they cost nobody anything, and who reads late is told the end."""

from __future__ import annotations

import socket

from tests.support.fault_injection import LOG, pids
from tests.support.processes import rss
from tests.support.stack import Stack
from tests.support.stack_pictures import LONG, accept, whole

READERS = 200


def test_slow_and_vanishing(stack: Stack) -> None:
    url = accept(stack, **LONG, seed=50_000)
    stack.running(url)
    (service,) = pids(stack, "service")
    before = rss(service)
    request = f"GET {url}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    readers = [socket.create_connection(("127.0.0.1", stack.port), timeout=20) for _ in range(READERS)]
    try:
        for reader in readers:
            reader.sendall(request)
        for reader in readers[::2]:
            reader.close()
        whole(stack, [url])
        for reader in readers[1::2]:
            assert b"event: succeeded" in _all(reader)
    finally:
        for reader in readers:
            reader.close()
    grown = rss(service) - before
    LOG.info("%d readers of events, half of them vanished, half slow: the service has grown by %d MiB", READERS, grown)
    assert grown < 40
    assert pids(stack, "service") == {service}


def _all(reader: socket.socket) -> bytes:
    """Up to the last, empty chunk of the answer."""
    heard = b""
    while not heard.endswith(b"0\r\n\r\n"):
        heard += reader.recv(1 << 16)
    return heard
