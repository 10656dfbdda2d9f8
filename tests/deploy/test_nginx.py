"""The configuration in deploy/nginx, in Debian's nginx before a real service."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.queue import liveness
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.launcher.claim import free_port
from tests.support.nginx import NEEDED, PROGRAM
from tests.support.paths import ROOT
from tests.support.server import Server
from tests.support.visualizations import BODY, KEY, PNG, URL, put
from tests.support.wait import until

CONFIGURATION = (ROOT / "deploy" / "nginx" / "site.conf").read_text()
IMAGE = f"{URL}/{KEY}/image"

pytestmark = NEEDED


@pytest.fixture
def settings(broker: str, catalog: Catalog, redis: Redis, tmp_path: Path) -> Settings:
    """Of a service that one may ask: with a catalog, and a worker that is there."""
    liveness.beat(redis)
    for queue in QUEUES:
        redis.sadd(f"rq:workers:{queue}", "rq:worker:a")
    redis.hset("rq:worker:a", "last_heartbeat", "now")
    return Settings(redis_url=broker, state=tmp_path / "state")


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    with Server(settings) as server:
        yield server
        server.settle()


@contextmanager
def nginx(url: str, folder: Path) -> Iterator[httpx.Client]:
    """A client of nginx with our configuration before the service at `url`; its own addresses and folders replaced."""
    assert PROGRAM is not None
    port = free_port()
    folder.mkdir()
    ours = {
        "service:8000": url.removeprefix("http://"),
        "listen 80 ": f"listen 127.0.0.1:{port} ",
        "/var/cache/nginx/featurelens": str(folder / "cache"),
        "/var/log/nginx/access.log": str(folder / "log"),
    }
    text = CONFIGURATION
    for theirs, our in ours.items():
        assert text.count(theirs) == 1
        text = text.replace(theirs, our)
    user = "user root;" if folder.owner() == "root" else ""
    main = f"daemon off; {user} pid {folder}/pid; error_log {folder}/errors; events {{}}\nhttp {{\n{text}\n}}\n"
    (folder / "nginx.conf").write_text(main)
    command = [PROGRAM, "-e", str(folder / "errors"), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command) as process, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        try:
            until(lambda: _answers(client), what="nginx")
            yield client
        finally:
            process.terminate()


@pytest.fixture
def proxy(server: Server, tmp_path: Path) -> Iterator[httpx.Client]:
    with nginx(server.url, tmp_path / "nginx") as client:
        yield client


def test_pictures_come_from_the_cache_even_without_a_service(settings: Settings, tmp_path: Path) -> None:
    put(FileStore(settings.results_folder))
    with Server(settings) as server, nginx(server.url, tmp_path / "nginx") as proxy:
        told = [proxy.get(IMAGE) for _ in range(3)]
        assert [one.headers["cache-status"] for one in told] == ["nginx; fwd=miss", "nginx; hit", "nginx; hit"]
        assert all(one.content == PNG for one in told)
        assert len({one.headers["etag"] for one in told}) == 1
        assert len({one.headers["x-request-id"] for one in told}) == 3
        assert proxy.get(IMAGE, headers={"If-None-Match": told[0].headers["etag"]}).status_code == 304
        assert proxy.get(f"{URL}/{KEY}").headers.get("cache-status") is None
        server.end()
        assert proxy.get(IMAGE).content == PNG
        assert proxy.get(f"{URL}/{KEY}").status_code == 502


def test_what_is_not_there_is_asked_for_again(settings: Settings, proxy: httpx.Client) -> None:
    assert proxy.get(IMAGE).status_code == 404
    put(FileStore(settings.results_folder))
    assert proxy.get(IMAGE).content == PNG


def test_a_key_or_a_token_takes_the_way_past_the_cache(settings: Settings, proxy: httpx.Client) -> None:
    put(FileStore(settings.results_folder))
    proxy.get(IMAGE)
    for sent in ({"headers": {"Authorization": "Bearer fl_x"}}, {"params": {"token": "t"}}):
        answer = proxy.get(IMAGE, **sent)  # type: ignore[arg-type]
        assert answer.headers["cache-status"] == "nginx; fwd=miss"


def test_events_come_as_they_are_sent(proxy: httpx.Client) -> None:
    assert proxy.post(URL, json=BODY).status_code == 202
    with proxy.stream("GET", f"{URL}/{KEY}/events", timeout=5) as answer:
        assert next(answer.iter_lines())
        assert answer.headers["content-type"].startswith("text/event-stream")


def test_no_log_and_no_stranger_sees_what_is_not_theirs(proxy: httpx.Client, tmp_path: Path) -> None:
    proxy.get(IMAGE, params={"token": "secret"})
    assert proxy.get("/metrics").status_code == 404
    named = proxy.get("/livez", headers={"X-Request-ID": "mine"})
    assert named.headers["x-request-id"] == "mine"
    log = tmp_path / "nginx" / "log"
    until(lambda: "livez" in log.read_text(), 10, "the log")
    assert re.search(rf'"GET {IMAGE}" 404', log.read_text())
    assert "secret" not in log.read_text()


STRANGER = {
    "X-Forwarded-Prefix": "/x",
    "X-Forwarded-Host": "x.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "192.0.2.1",
    "Forwarded": "for=192.0.2.1;host=x.example;proto=https",
}
"""What only a proxy has to say."""


@pytest.mark.parametrize("prefix", ["", "/vision"])
def test_the_proxy_passes_no_strangers_word_on(settings: Settings, tmp_path: Path, prefix: str) -> None:
    """The service believes it, as Compose has it: neither prefix nor quota is the stranger's choice."""
    believing = settings.model_copy(update={"trusted_proxies": "127.0.0.1", "root_path": prefix, "quota": 1})
    with Server(believing) as server, nginx(server.url, tmp_path / "nginx") as proxy:
        assert server.client.get("/x/metrics", headers=STRANGER).status_code == 200, "it does believe"
        for path in (
            "/x/metrics",
            "/metrics",
            "/vision/metrics",
            "/vision/metrics/",
            "/vision//metrics",
            "/x/%6detrics",
        ):
            assert proxy.get(path, headers=STRANGER, follow_redirects=True).status_code == 404, path
        asked = proxy.post(prefix + URL, json=BODY, headers=STRANGER)
        assert (asked.status_code, asked.headers["location"]) == (202, f"{prefix}{URL}/{KEY}")
        again = proxy.post(prefix + URL, json=BODY, headers=STRANGER | {"X-Forwarded-For": "192.0.2.2"})
        assert again.status_code == 429
        assert proxy.get(f"{prefix}/v1/models/metrics").headers["content-type"] == "application/problem+json"
        server.settle()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx.TransportError:
        return False
