"""What a picture costs, and how a quota fills again."""

from __future__ import annotations

import time

import pytest
from redis import Redis

from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.service.auth.quota import Quota


@pytest.mark.parametrize(
    ("more", "factor"),
    [
        ({}, 1),
        ({"transform": {"views": 3}}, 3),
        ({"objective": {"type": "diversity", "pictures": 5}}, 5),
        ({"parameterization": {"type": "maco"}}, 4),
    ],
)
def test_cost(more: dict[str, object], factor: int) -> None:
    spec = {"model": "m", "layer": "l", "channel": 0, "steps": 10, "size": [32, 64], **more}
    assert VISUALIZATION.cost(VisualizationSpec.model_validate(spec).completed()) == factor * 10 * 32 * 64


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
