"""What is published, and when it is published anew."""

from __future__ import annotations

from typing import cast

import pytest
from redis import Redis
from structlog.testing import capture_logs

from featurelens.jobs.catalog.catalog import WANTED, Catalog
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.errors import CatalogPending, ModelLoadFailed, NotDescribable
from featurelens.worker.cataloguer.cataloguer import Cataloguer
from featurelens.worker.models.registry import Registry
from tests.support.catalog import ENTRY, LAYERS

OTHER = ENTRY.model_copy(update={"name": "bundled:other@sha256-0123456789ab", "aliases": ("other",)})


class OneNetwork:
    """A registry of one network, whose code can change while its weights, and so its name, stay.

    It describes as many layers as it has been asked for, or raises `failure`.
    """

    def __init__(self) -> None:
        self.digest = "sha256:" + "1" * 64
        self.described = 0
        self.failure: Exception | None = None
        self.there = True

    def entries(self) -> list[ModelEntry]:
        return [ENTRY.model_copy(update={"digest": self.digest})] if self.there else []

    def describe(self, name: str) -> list[LayerEntry]:
        self.described += 1
        if self.failure is not None:
            raise self.failure
        return LAYERS[: self.described]


class Published(OneNetwork):
    """As those of torchvision."""

    def entries(self) -> list[ModelEntry]:
        return [entry.model_copy(update={"source": "torchvision"}) for entry in super().entries()]


def test_layers_are_described_once_and_again_when_the_code_changes(redis: Redis) -> None:
    registry, catalog = OneNetwork(), Catalog(redis)
    cataloguer = Cataloguer(cast("Registry", registry), redis)

    def layers() -> int:
        cataloguer.list()
        cataloguer.describe(0.0)
        return len(catalog.layers(catalog.model("tinynet")))

    assert layers() == 1
    assert layers() == 1
    registry.digest = "sha256:" + "2" * 64
    assert layers() == 2
    redis.flushall()
    assert layers() == 3


def test_published_networks_wait_until_somebody_asks(redis: Redis) -> None:
    """And are described once, however often is asked meanwhile."""
    registry, catalog = Published(), Catalog(redis)
    cataloguer = Cataloguer(cast("Registry", registry), redis)
    cataloguer.list()
    cataloguer.describe(0.0)
    assert registry.described == 0
    entry = catalog.model("tinynet")
    with pytest.raises(CatalogPending):
        catalog.layers(entry)
    cataloguer.describe(0.0)
    assert len(catalog.layers(entry)) == registry.described == 1
    redis.rpush(WANTED, entry.name)
    cataloguer.describe(0.0)
    assert registry.described == 1


class TwoNetworks(OneNetwork):
    """Another one beside it."""

    def entries(self) -> list[ModelEntry]:
        return [ENTRY, OTHER]


def test_a_wiped_redis_is_filled_again_before_all_are_described(redis: Redis) -> None:
    """There are many, and to describe them all takes minutes."""
    registry = TwoNetworks()
    cataloguer = Cataloguer(cast("Registry", registry), redis)
    cataloguer.list()
    redis.flushall()
    cataloguer.describe(0.0)
    assert registry.described == 1
    cataloguer.list()
    assert {entry.name for entry in Catalog(redis).models()} == {ENTRY.name, OTHER.name}


@pytest.mark.parametrize(
    ("failure", "told"),
    [(ModelLoadFailed("it does not run"), "it does not run"), (OSError("disk"), "written to the worker's log")],
)
def test_what_cannot_be_described_is_tried_once_a_change_and_the_reason_told(
    failure: Exception, told: str, redis: Redis
) -> None:
    registry, catalog = OneNetwork(), Catalog(redis)
    cataloguer = Cataloguer(cast("Registry", registry), redis)

    def turn() -> None:
        cataloguer.list()
        cataloguer.describe(0.0)

    def problem() -> str:
        (summary,) = catalog.models()
        entry = catalog.model("tinynet")
        assert summary.problem == entry.problem
        return entry.problem or ""

    registry.failure = failure
    with capture_logs() as logs:
        for _ in range(3):
            turn()
            with pytest.raises(NotDescribable, match=told) as refused:
                catalog.layers(catalog.model("tinynet"))
            assert refused.value.faults[0].pointer == "/model"
    assert (registry.described, [line["event"] for line in logs]) == (1, ["network not described"])
    assert told in problem()
    assert catalog.next_wanted() is None

    registry.failure = None
    turn()
    assert registry.described == 1
    registry.digest = "sha256:" + "2" * 64
    cataloguer.list()
    with pytest.raises(CatalogPending):
        catalog.layers(catalog.model("tinynet"))
    cataloguer.describe(0.0)
    assert problem() == ""
    assert len(catalog.layers(catalog.model("tinynet"))) == 2


def test_a_failure_is_tried_anew_by_the_next_renderer_and_when_the_network_comes_back(redis: Redis) -> None:
    """What was wrong may have been outside the folder: a package that was missing."""
    registry, catalog = OneNetwork(), Catalog(redis)
    registry.failure = ModelLoadFailed("no module named x")
    first, second = (Cataloguer(cast("Registry", registry), redis) for _ in range(2))
    for cataloguer in (first, first, second, second):
        cataloguer.list()
        cataloguer.describe(0.0)
    assert registry.described == 2
    registry.there = False
    second.list()
    assert catalog.problems() == {}
    registry.there, registry.failure = True, None
    second.list()
    second.describe(0.0)
    assert len(catalog.layers(catalog.model("tinynet"))) == 3


def test_a_changed_network_is_not_shown_with_the_layers_it_had(redis: Redis) -> None:
    registry, catalog = OneNetwork(), Catalog(redis)
    cataloguer = Cataloguer(cast("Registry", registry), redis)
    cataloguer.list()
    cataloguer.describe(0.0)
    registry.digest = "sha256:" + "2" * 64
    cataloguer.list()
    with pytest.raises(CatalogPending):
        catalog.layers(catalog.model("tinynet"))
