"""A service that is killed tells nobody, and the next one does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import httpx
import pytest
from redis import Redis
from standardwebhooks import Webhook

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.launcher.claim import free_port
from tests.support.fake_worker import make
from tests.support.receiver import Receiver
from tests.support.served import somebody_works
from tests.support.server import Server
from tests.support.visualizations import BODY, KEY, URL
from tests.support.wait import until

DUE = "featurelens:webhooks"
HOSTS = "http://127.0.0.1"


@pytest.fixture(scope="session")
def broker(broker: str) -> str:
    """Another part of it than other tests use: whoever sees a delivery there takes it."""
    return f"{broker}/3"


class Service:
    """A process of its own."""

    def __init__(self, broker: str, state: Path) -> None:
        port = free_port()
        names = {"REDIS_URL": broker, "PORT": str(port), "FEATURELENS_STATE": str(state)}
        command = [sys.executable, "-P", "-m", "featurelens.service"]
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **names, "FEATURELENS_WEBHOOK_HOSTS": HOSTS},
            stderr=subprocess.DEVNULL,
        )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}")
        until(self._up, 60, "the service")

    def _up(self) -> bool:
        try:
            return self.client.get("/livez").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()


def test_a_service_killed_between_the_end_and_the_telling(
    broker: str, tmp_path: Path, redis: Redis, catalog: Catalog
) -> None:
    """While it waits for an answer that does not come: the next one tells the same."""
    with Receiver(drips=True) as receiver:
        service = Service(broker, tmp_path)
        try:
            somebody_works(redis)
            headers = {"Featurelens-Callback": receiver.url()}
            assert service.client.post(URL, json=BODY, headers=headers).status_code == 202
            make(redis, FileStore(Settings(state=tmp_path).results_folder), KEY)
            until(lambda: receiver.calls)
            service.kill()
            receiver.drips = False
            (id,) = cast("list[bytes]", redis.zrange(DUE, 0, -1))
            redis.zadd(DUE, {id: 0})  # as if its lease had ended
        finally:
            service.kill()
        with Server(Settings(redis_url=broker, state=tmp_path, webhook_hosts=HOSTS)):
            until(lambda: len(receiver.calls) == 2)
            until(lambda: redis.zcard(DUE) == 0)
    assert len({(call.body, call.headers["webhook-id"]) for call in receiver.calls}) == 1
    secret = Settings(state=tmp_path).webhook_secret_file.read_text()
    for call in receiver.calls:
        assert Webhook(secret).verify(call.body, dict(call.headers))["status"] == "succeeded"
