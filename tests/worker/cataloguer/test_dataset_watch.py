"""Data sets are published, whatever happens to the broker meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.worker.cataloguer import dataset_watch
from featurelens.worker.cataloguer.dataset_watch import DatasetWatch
from featurelens.worker.datasets.shelf import Shelf
from tests.support.wait import until


def test_what_the_operator_adds_is_noticed(redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_watch, "INTERVAL", 0.05)
    published = Catalog(redis).datasets
    watch = DatasetWatch(Shelf(tmp_path), redis)
    watch.start()
    until(lambda: [one.name for one in published.all()] == ["patterns"])
    (tmp_path / "mine").mkdir()
    until(lambda: [one.images for one in published.all()] == [0, 1080])
    Image.new("L", (9, 9)).save(tmp_path / "mine" / "1.png")
    until(lambda: [one.images for one in published.all()] == [1, 1080])
    redis.flushall()
    until(lambda: len(published.all()) == 2)
    assert published.named("mine").images == 1
    watch.stop()
    watch.join(10)
    assert not watch.is_alive()
