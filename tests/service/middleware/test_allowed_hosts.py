"""On loopback without keys, a web page that has pointed its own name here gets nothing."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from featurelens.jobs.settings import Settings
from tests.support.problems import check
from tests.support.server import Server


@pytest.mark.parametrize(
    "host", ["localhost:8000", "LOCALHOST", "a.localhost", "127.0.0.1:9", "[::1]:8000", "10.1.2.3"]
)
def test_what_cannot_be_rebound_is_let_through(client: httpx.Client, host: str) -> None:
    assert client.get("/v1/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", "x@y"]
)
@pytest.mark.parametrize("path", ["/v1/models", "/livez", "/openapi.json"])
def test_a_name_that_is_not_ours_is_refused(client: httpx.Client, host: str, path: str) -> None:
    problem = check(client.get(path, headers={"Host": host}), 421, "wrong-host")
    assert "FEATURELENS_ALLOWED_HOSTS" in problem["detail"]


def test_the_operator_names_others(broker: str, tmp_path: Path) -> None:
    named = Settings(redis_url=broker, state=tmp_path, allowed_hosts="vision.example.org, *.internal")
    with Server(named) as server:
        answers = {
            host: server.client.get("/livez", headers={"Host": host}).status_code
            for host in ("vision.example.org", "Vision.Example.org.:80", "a.b.internal", "example.org", "internal")
        }
    assert list(answers.values()) == [200, 200, 200, 421, 421]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ()),
        ({"auth": "on"}, ("*",)),
        ({"host": "0.0.0.0"}, ("*",)),
        ({"host": "0.0.0.0", "auth": "off"}, ("*",)),
        ({"host": "0.0.0.0", "allowed_hosts": "a.example"}, ("a.example",)),
    ],
)
def test_the_default(settings: dict[str, str], names: tuple[str, ...]) -> None:
    """A key that a page does not have protects as well, and a proxy forwards whatever name it goes by."""
    assert Settings.model_validate(settings).host_names == names
