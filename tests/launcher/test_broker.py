"""The server that REDIS_URL names: over TLS, by way of sentinels, and what is said of one that is of no use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from featurelens.jobs.queue.broker import connect
from featurelens.launcher.broker import await_broker
from featurelens.launcher.children import GaveUp
from featurelens.launcher.claim import free_port
from tests.support.tls import Authority, TlsFront
from tests.support.valkey import Valkey


def said(url: str, seconds: float = 5.0) -> str:
    """Why it is of no use; nothing when it is."""
    try:
        asyncio.run(await_broker(url, seconds))
    except GaveUp as problem:
        return str(problem)
    return ""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def front(authority: Authority, broker: str) -> Iterator[TlsFront]:
    with TlsFront(int(broker.rpartition(":")[2].partition("/")[0]), authority.certificate("server")) as front:
        yield front


def test_tls(front: TlsFront, authority: Authority, redis: Redis) -> None:
    """The launcher's client and everybody else's, both by the address alone."""
    url = f"rediss://127.0.0.1:{front.port}/0?ssl_ca_certs={authority.file}"
    assert said(url) == ""
    with connect(url) as client:
        client.set("featurelens:probe", 1)
    assert redis.get("featurelens:probe") == b"1"


def test_a_certificate_of_ours(authority: Authority, broker: str) -> None:
    behind = int(broker.rpartition(":")[2].partition("/")[0])
    with TlsFront(behind, authority.certificate("server"), clients=authority.file) as front:
        url = f"rediss://127.0.0.1:{front.port}/0?ssl_ca_certs={authority.file}"
        own = authority.certificate("own")
        assert said(f"{url}&ssl_certfile={own}&ssl_keyfile={own}") == ""
        assert "ssl_certfile" in said(url)


def test_an_authority_that_is_not_known(front: TlsFront, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    told = said(f"rediss://127.0.0.1:{front.port}/0?ssl_ca_certs={other.file}")
    assert told.startswith("the server named by REDIS_URL shows a certificate that is not accepted: ")
    assert "\n" not in told


def test_a_certificate_that_has_expired(authority: Authority, broker: str) -> None:
    with TlsFront(1, authority.certificate("old", days=-1)) as front:
        told = said(f"rediss://127.0.0.1:{front.port}/0?ssl_ca_certs={authority.file}")
    assert told.endswith("certificate has expired")


def test_tls_where_there_is_none(broker: str, authority: Authority) -> None:
    told = said(f"{broker.replace('redis:', 'rediss:')}?ssl_ca_certs={authority.file}", 0.1)
    assert "without TLS" in told


def test_nobody_there() -> None:
    told = said(f"redis://127.0.0.1:{free_port()}", 0.2)
    assert "does not answer" in told
    assert "waited 0.2 s" in told


def test_a_cluster(tmp_path: Path) -> None:
    with Valkey(tmp_path, f"cluster-enabled yes\ncluster-port {free_port()}") as server:
        assert said(server.url).startswith("the server named by REDIS_URL is a cluster")
