"""Lists of several workers: one is offered, the same whoever merges; it changes only when a worker does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.dataset_entry import DatasetEntry
from featurelens.jobs.catalog.datasets import Datasets
from featurelens.jobs.catalog.merging import MODELS
from featurelens.jobs.errors import NotDescribable, UnknownDataset, UnknownModel
from tests.support.catalog import ENTRY, LAYERS

OTHER = ENTRY.model_copy(update={"name": "local:other@sha256-1", "aliases": ("other",), "digest": "sha256:" + "1" * 64})


def names(redis: Redis) -> list[str]:
    return [entry.name for entry in Catalog(redis).models()]


def test_all_of_all_are_offered(redis: Redis) -> None:
    Catalog(redis, "a").publish([ENTRY])
    Catalog(redis, "b").publish([ENTRY, OTHER])
    assert names(redis) == [ENTRY.name, OTHER.name]
    assert Catalog(redis).model("other") == OTHER
    Catalog(redis, "a").publish([ENTRY])
    assert names(redis) == [ENTRY.name, OTHER.name], "nothing flickers"


def test_what_one_alone_has_goes_with_it(redis: Redis) -> None:
    here, there = Catalog(redis, "a"), Catalog(redis, "b")
    here.publish([ENTRY])
    there.publish([ENTRY, OTHER])
    there.lists.rest()
    here.publish([ENTRY])
    assert names(redis) == [ENTRY.name]
    with pytest.raises(UnknownModel):
        Catalog(redis).model("other")


def test_the_last_one_leaves_its_list(redis: Redis) -> None:
    """As a worker that is being restarted does: what has been made of its networks is still found."""
    only = Catalog(redis, "a")
    only.publish([ENTRY])
    only.lists.rest()
    assert names(redis) == [ENTRY.name]


def test_two_networks_of_one_name_are_refused(redis: Redis) -> None:
    changed = ENTRY.model_copy(update={"digest": "sha256:" + "2" * 64})
    here, there = Catalog(redis, "a"), Catalog(redis, "b")
    here.publish([ENTRY])
    here.publish_layers(ENTRY.name, LAYERS)
    there.publish([changed])
    assert "a, b have different weights" in Catalog(redis).conflicts()[ENTRY.name]
    (shown,) = Catalog(redis).models()
    assert shown.problem is not None
    with pytest.raises(NotDescribable, match="different weights"):
        Catalog(redis).layers(ENTRY)
    there.publish([ENTRY])
    assert not Catalog(redis).conflicts()
    assert Catalog(redis).layers(Catalog(redis).model(ENTRY.name)) == LAYERS


def test_the_newer_engine_is_offered(redis: Redis) -> None:
    newer = ENTRY.model_copy(update={"renderer": "10"})
    Catalog(redis, "a").publish([ENTRY.model_copy(update={"renderer": "9"})])
    Catalog(redis, "b").publish([newer])
    assert Catalog(redis).model(ENTRY.name).renderer == "10"


def test_workers_that_tell_at_once_agree(redis: Redis) -> None:
    entries = [ENTRY.model_copy(update={"name": f"local:n{number}@sha256-1", "aliases": ()}) for number in range(8)]

    def publish(number: int) -> None:
        for _ in range(5):
            Catalog(redis, f"w{number}").publish([ENTRY, entries[number]])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(publish, range(8)))
    assert names(redis) == sorted([ENTRY.name, *(entry.name for entry in entries)])


def test_a_network_is_described_by_a_worker_that_has_it(redis: Redis) -> None:
    here, there = Catalog(redis, "a"), Catalog(redis, "b")
    here.publish([ENTRY])
    there.publish([ENTRY, OTHER])
    here.hand_on(OTHER.name)
    assert here.next_wanted() is None
    assert there.next_wanted() == OTHER.name


def test_a_wiped_broker_is_filled_again(redis: Redis) -> None:
    Catalog(redis, "a").publish([ENTRY])
    redis.flushdb()
    Catalog(redis, "a").publish([ENTRY])
    assert names(redis) == [ENTRY.name]


def test_a_worker_that_starts_writes_what_a_version_from_before_has_replaced(redis: Redis) -> None:
    Catalog(redis, "a").publish([ENTRY])
    redis.delete(MODELS)
    again = Catalog(redis, "a")
    again.publish([ENTRY])
    assert names(redis) == [ENTRY.name]


def test_data_sets_that_differ_are_offered_by_nobody(redis: Redis) -> None:
    birds = DatasetEntry(name="birds", source="local", identity="sha256:" + "0" * 64, images=4, label_count=0)
    here, there = Datasets(redis, "a"), Datasets(redis, "b")
    here.publish([birds])
    there.publish([birds])
    assert there.named("birds") == birds
    there.publish([birds.model_copy(update={"identity": "sha256:" + "1" * 64})])
    with pytest.raises(UnknownDataset):
        here.named("birds")
    assert here.conflicts() == {"birds": "it differs between the workers a, b"}
    assert Catalog(redis).conflicts() == here.conflicts()


def test_a_data_set_that_is_not_understood_keeps_none_back(redis: Redis) -> None:
    """As a worker of another version tells it."""
    birds = DatasetEntry(name="birds", source="local", identity="sha256:" + "0" * 64, images=4, label_count=0)
    newer = Datasets(redis, "b")
    newer.lists.publish({"fish": '{"name": "fish", "school": true}'}, lambda *_: None)
    here = Datasets(redis, "a")
    here.publish([birds])
    assert [entry.name for entry in here.all()] == ["birds"]
