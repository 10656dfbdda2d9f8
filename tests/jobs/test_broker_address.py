"""Addresses of brokers: which are, what they say, and what is told of those that are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from featurelens.jobs.broker_address import check, sentinels
from featurelens.jobs.settings import Settings


def test_sentinels() -> None:
    """User, password, database and options are the server's; what begins with `sentinel_` is the sentinels'."""
    found = sentinels("redis+sentinel://ann:p%40ss@a:1,[::1]:2,c/mine/3?sentinel_password=s%2F&health_check_interval=9")
    assert found is not None
    assert found.members == (("a", 1), ("::1", 2), ("c", 26379))
    assert found.master == "mine"
    assert found.options == {"username": "ann", "password": "p@ss", "db": 3, "health_check_interval": 9}
    assert found.own == {"password": "s/"}


def test_tls_with_servers_and_sentinels() -> None:
    found = sentinels("rediss+sentinel://a/mine?ssl_ca_certs=/ca.pem")
    assert found is not None
    assert found.own == {"ssl": True, "ssl_ca_certs": "/ca.pem"}
    assert found.options == {"db": 0, "ssl": True, "ssl_ca_certs": "/ca.pem"}


@pytest.mark.parametrize("url", ["redis://", "redis://:p@h:1/2", "rediss://u:p@h", "unix:///run/valkey.sock?db=1"])
def test_a_server(url: str) -> None:
    assert sentinels(url) is None
    check(url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://h", "Redis URL must specify"),
        ("redis+sentinel://h:26379", "is the form"),
        ("redis+sentinel://h:port/mine", "no sentinel"),
        ("unix+sentinel://h/mine", "is the form"),
        ("redis+sentinel://h/mine?sentinel_pass=x", "no option sentinel_pass"),
        ("rediss://h?ssl_ca_cert=/ca.pem", "no option ssl_ca_cert"),
        ("rediss://h?ssl_ca_certs=/nowhere/ca.pem", "ssl_ca_certs is no file: /nowhere/ca.pem"),
        ("redis://h?ssl_ca_certs={here}", "no option ssl_ca_certs"),
        ("rediss://h?ssl_cert_reqs=perhaps", "perhaps"),
    ],
)
def test_no_address(url: str, reason: str, tmp_path: Path) -> None:
    """The reason names what is wrong, and the setting refuses it with that."""
    file = tmp_path / "ca.pem"
    file.touch()
    told = url.format(here=file)
    with pytest.raises(ValueError, match=reason):
        check(told)
    with pytest.raises(ValidationError, match="no address of a Redis or Valkey"):
        Settings(redis_url=told)
