"""Deliveries in the broker: each is taken by one, and by another if that one dies."""

from __future__ import annotations

import pytest
from redis import Redis

from featurelens.jobs.errors import QueueFull
from featurelens.service.webhooks import deliveries as module
from featurelens.service.webhooks.courier import PAUSES, patience
from featurelens.service.webhooks.deliveries import Deliveries, Delivery

ONE = Delivery("msg_1", "fv1_a", "https://hooks.example.org/", "/vision")
DUE = "featurelens:webhooks"


def test_one_is_taken_once_until_its_lease_ends(redis: Redis) -> None:
    deliveries = Deliveries(redis)
    deliveries.add(ONE, "ann")
    deliveries.add(ONE._replace(url="https://other.example/"), "ann")
    assert deliveries.waiting() == 1
    (taken,) = deliveries.take(10)
    assert taken == ONE
    assert deliveries.take(10) == []
    redis.zadd(DUE, {ONE.id: 0})
    assert deliveries.take(10) == [ONE]


def test_what_was_told_is_told_again(redis: Redis) -> None:
    deliveries = Deliveries(redis)
    deliveries.add(ONE, "ann")
    deliveries.retry(ONE, b"body", 100)
    assert deliveries.take(10) == []
    deliveries.put_off({ONE.id: -1})
    (again,) = deliveries.take(10)
    assert (again.tries, again.body) == (1, b"body")
    deliveries.end(ONE.id, "delivered")
    deliveries.put_off({ONE.id: -1})
    assert deliveries.take(10) == []
    assert (deliveries.waiting(), deliveries.counts()) == (0, {"delivered": 1, "retried": 1, "failed": 0})
    assert redis.keys("featurelens:webhook:*") == []


def test_one_that_another_has_ended_is_not_told_again(redis: Redis) -> None:
    deliveries = Deliveries(redis)
    deliveries.add(ONE, "ann")
    deliveries.end(ONE.id, "delivered")
    deliveries.retry(ONE, b"body", 100)
    assert (deliveries.waiting(), deliveries.counts()["retried"]) == (0, 0)
    assert redis.keys("featurelens:webhook:*") == []


def test_a_time_without_a_delivery_is_forgotten(redis: Redis) -> None:
    redis.zadd(DUE, {"msg_gone": 0})
    assert Deliveries(redis).take(10) == []
    assert Deliveries(redis).waiting() == 0


def test_no_more_than_may_wait(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    deliveries = Deliveries(redis)
    deliveries.check_room("ann")
    deliveries.add(ONE, "ann")
    with pytest.raises(QueueFull):
        deliveries.check_room("ann")


def test_one_client_does_not_take_the_room_of_all(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OF_ONE", 2)
    deliveries = Deliveries(redis)
    for id in ("msg_1", "msg_1", "msg_2"):
        deliveries.check_room("ann")
        deliveries.add(ONE._replace(id=id), "ann")
    with pytest.raises(QueueFull, match="yours"):
        deliveries.check_room("ann")
    deliveries.check_room("bob")
    deliveries.end("msg_1", "failed")
    deliveries.check_room("ann")
    deliveries.end("msg_2", "delivered")
    assert redis.keys("featurelens:webhooks:of:*") == []


def test_what_has_expired_takes_no_room(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OF_ONE", 1)
    deliveries = Deliveries(redis)
    deliveries.add(ONE, "ann")
    redis.zadd("featurelens:webhooks:of:ann", {ONE.id: 1})
    deliveries.check_room("ann")


def test_pauses_grow_for_about_a_day() -> None:
    assert list(PAUSES) == sorted(PAUSES)
    assert 23 < sum(PAUSES) / 3600 < 26
    assert [patience(age) for age in (0, 20, 1000)] == [0.5, 2, 5]
