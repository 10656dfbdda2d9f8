"""What is published, and when it is published anew."""

from __future__ import annotations

from typing import cast

from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.worker.models.registry import Registry
from featurelens.worker.renderer.cataloguer import Cataloguer
from tests.support.catalog import ENTRY, LAYERS

OTHER = ENTRY.model_copy(update={"name": "bundled:other@sha256-0123456789ab", "aliases": ("other",)})


class OneNetwork:
    """A registry of one network, whose code can change while its weights, and so its name, stay."""

    def __init__(self) -> None:
        self.digest = "sha256:" + "1" * 64
        self.described = 0

    def entries(self) -> list[ModelEntry]:
        return [ENTRY.model_copy(update={"digest": self.digest})]

    def describe(self, name: str) -> list[LayerEntry]:
        self.described += 1
        return LAYERS[: self.described]


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
