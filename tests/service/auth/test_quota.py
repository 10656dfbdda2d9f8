"""A quota fills again, takes many at once or none, and is told in every answer."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
from redis import Redis

from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.settings import Settings
from featurelens.service.auth.quota import Quota
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, URL


def test_a_quota_fills_again(redis: Redis) -> None:
    quota = Quota(redis, 4, window=1.0)
    taken = [quota.take("a") for _ in range(5)]
    assert [one.allowed for one in taken] == [True] * 4 + [False]
    assert [one.left for one in taken[:4]] == [3, 2, 1, 0]
    assert 0 < taken[4].wait <= 0.25
    assert quota.take("b").allowed, "another client's is its own"
    time.sleep(taken[4].wait + 0.02)
    assert quota.take("a").allowed
    assert not quota.take("a").allowed
    assert 0 < redis.ttl("featurelens:quota:a") <= 2


def test_many_at_once_all_or_none(redis: Redis) -> None:
    quota = Quota(redis, 10, window=10.0)
    assert quota.take("a", 7).left == 3
    refused = quota.take("a", 5)
    assert (refused.allowed, refused.left) == (False, 3)
    assert 1.5 < refused.wait <= 2
    assert quota.take("a", 3).allowed
    assert not quota.take("b", 11).allowed
    assert quota.take("b", 10).allowed


def test_quota(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, quota=3)) as server:
        answers = [server.client.post(URL, json=BODY) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
        assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
        check(answers[3], 429, "over-quota")
        assert answers[3].headers["ratelimit-policy"] == '"asks";q=3;w=60'
        assert 1 <= int(answers[3].headers["retry-after"]) <= 20
        assert server.client.get("/v1/models").status_code == 200
        assert server.client.delete(answers[0].headers["location"]).status_code == 200, "stopping is free"


def test_a_sweep_counts_its_pictures(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, quota=10)) as server:

        def sweep(channels: str) -> httpx.Response:
            return server.client.post("/v1/sweeps", json={"model": "tinynet", "layer": "conv2", "channels": channels})

        first = sweep("0-6")
        assert (first.status_code, first.headers["ratelimit"].split(";")[1]) == (202, "r=3")
        refused = sweep("7-11")
        assert "5 pictures count as 5, and 3 are left" in check(refused, 429, "over-quota")["detail"]
        assert 1 <= int(refused.headers["retry-after"]) <= 12
        never = sweep("0-10")
        assert "11 pictures" in check(never, 422, "too-expensive")["detail"]
        assert "retry-after" not in never.headers
        assert len(JobQueue(redis)) == 7, "refused whole"
        assert sweep("7-9").status_code == 202
        check(server.client.post(URL, json=BODY | {"seed": 9}), 429, "over-quota")
        check(server.client.post("/v1/photos", content=b"x", headers={"Content-Type": "image/png"}), 429, "over-quota")


def asked_as(server: Server, *clients: str) -> list[int]:
    """The answers to one who says in `X-Forwarded-For` that it is another each time."""
    posts = [server.client.post(URL, json=BODY, headers={"X-Forwarded-For": client}) for client in clients]
    return [post.status_code for post in posts]


def test_who_says_to_be_another_is_not_believed(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, quota=2)) as server:
        assert asked_as(server, "1.1.1.1", "2.2.2.2", "3.3.3.3") == [202, 202, 429]


def test_a_proxy_that_is_trusted_is(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    """As to the one that it names itself, the last; what stood there before may be made up. IPv6 counts by network."""
    trusting = Settings(redis_url=broker, state=tmp_path, quota=2, trusted_proxies="10.0.0.0/8, 127.0.0.1")
    with Server(trusting) as server:
        assert asked_as(server, "1.1.1.1", "1.1.1.1", "1.1.1.1", "2.2.2.2") == [202, 202, 429, 202]
        assert asked_as(server, "9.9.9.9, 3.3.3.3", "8.8.8.8, 3.3.3.3, 10.1.1.1", "3.3.3.3") == [202, 202, 429]
        assert asked_as(server, "2001:db8::1", "2001:db8::2:1", "2001:db8::3", "2001:db8:1::1") == [202, 202, 429, 202]
