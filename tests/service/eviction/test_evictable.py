"""Everything that is kept on disk stays within its size, and a look at it keeps it."""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from redis import Redis, RedisError
from rq.registry import StartedJobRegistry

from featurelens.jobs.errors import UnknownPhoto
from featurelens.jobs.kinds.base import QUEUE
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.photos_in_flight import photos_in_flight
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.activations import ActivationsSpec
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.last_used import COUNTS_FOR
from featurelens.service.dependencies import Dependencies
from featurelens.service.eviction.evictable import JUST_NOW, EvictablePhotos, EvictableResults
from featurelens.service.eviction.eviction import Eviction
from featurelens.service.thumbnails import Tiles
from tests.support.photographs import encoded
from tests.support.results import result


@pytest.fixture
def deps(broker: str, tmp_path: Path) -> Iterator[Dependencies]:
    """Photographs and thumbnails may take the size of two photographs each."""
    size = 2 * len(photograph(0)) + 200
    limits = {"photos_max_bytes": size, "thumbnails_max_bytes": size}
    deps = Dependencies.of(Settings.model_validate({"redis_url": broker, "state": tmp_path, **limits}))
    yield deps
    deps.decoding.close()
    deps.redis.close()


def photograph(seed: int) -> bytes:
    """Noise, so that all are about as large."""
    return encoded(Image.frombytes("RGB", (32, 32), random.Random(seed).randbytes(32 * 32 * 3)))


def grow_old(folder: Path, seconds: float = 3 * COUNTS_FOR) -> None:
    """All that is there was looked at hours ago."""
    for path in folder.rglob("*"):
        if path.is_file():
            moment = path.stat().st_mtime - seconds
            os.utime(path, (moment, moment))


def test_photographs(deps: Dependencies) -> None:
    first, second, third = (deps.photos.add(photograph(seed)) for seed in range(3))
    grow_old(deps.settings.photos_folder)
    deps.photos.get(first)
    deps.photos.get(third)
    grow_old(deps.settings.photos_folder, 2 * JUST_NOW)
    usage = deps.evictions["photos"].evict()
    assert (usage.evicted, usage.entries) == (2, 1), "down to nine tenths of the limit"
    for gone in {first, second, third} - {f"sha256:{path.stem}" for path in deps.settings.photos_folder.iterdir()}:
        with pytest.raises(UnknownPhoto):
            deps.photos.get(gone)
    with pytest.raises(UnknownPhoto):
        deps.photos.get(second)


@pytest.mark.parametrize("kind", ["visualization", "activations"])
def test_what_an_accepted_job_needs_stays(deps: Dependencies, redis: Redis, kind: str) -> None:
    """While it waits and while it runs, however old; once it has ended, the photograph goes like any other."""
    needed, other, third = (deps.photos.add(photograph(seed)) for seed in range(3))
    spec: JobSpec = ActivationsSpec(model="m", photo=needed, layers=["l"], size=(64, 64))
    if kind == "visualization":
        about = {"type": "caricature", "photo": needed}
        spec = VisualizationSpec.model_validate({"model": "m", "layer": "l", "objective": about})
    key = f"f{kind[0]}1_{'0' * 64}"
    ticket = deps.queue.submit(key, spec, "sha256:" + "1" * 64)
    assert photos_in_flight(redis, deps.queue) == {needed.removeprefix("sha256:")}
    grow_old(deps.settings.photos_folder)
    deps.photos.get(third)
    grow_old(deps.settings.photos_folder, 2 * JUST_NOW)
    eviction = deps.evictions["photos"]
    assert eviction.evict().evicted == 2
    assert deps.photos.get(needed)
    for gone in (other, third):
        with pytest.raises(UnknownPhoto):
            deps.photos.get(gone)
    more = [deps.photos.add(photograph(seed)) for seed in (3, 4)]
    grow_old(deps.settings.photos_folder)
    started = StartedJobRegistry(queue=deps.queue.of(QUEUE))
    redis.lrem(deps.queue.of(QUEUE).key, 1, ticket.record.attempt)
    redis.zadd(started.key, {f"{ticket.record.attempt}:execution": time.time() + 60})
    assert eviction.evict().evicted == 4
    assert deps.photos.get(needed)
    redis.delete(started.key)
    deps.photos.add(photograph(5))
    deps.photos.add(photograph(6))
    grow_old(deps.settings.photos_folder)
    os.utime(deps.settings.photos_folder / f"{needed.removeprefix('sha256:')}.png", (0, 0))
    eviction.evict()
    for gone in (needed, *more):
        with pytest.raises(UnknownPhoto):
            deps.photos.get(gone)


def test_what_a_job_is_being_accepted_for_stays(deps: Dependencies) -> None:
    """It is not among those in flight yet."""
    claimed, *others = (deps.photos.add(photograph(seed)) for seed in range(3))
    grow_old(deps.settings.photos_folder)
    deps.photos.claim(claimed)
    deps.photos.get(others[1])
    deps.evictions["photos"].evict()
    assert deps.photos.get(claimed)


def test_without_the_broker_no_photograph_goes(deps: Dependencies) -> None:
    wanted = partial(photos_in_flight, connect("redis://127.0.0.1:1"), JobQueue(connect("redis://127.0.0.1:1")))
    eviction = Eviction("photos", EvictablePhotos(deps.settings.photos_folder, wanted), 1)
    photo = deps.photos.add(photograph(0))
    grow_old(deps.settings.photos_folder)
    with pytest.raises(RedisError):
        eviction.evict()
    eviction.stop()
    eviction.run()  # which says so and goes on
    assert deps.photos.get(photo)


def test_thumbnails_and_sheets(deps: Dependencies) -> None:
    pictures = [photograph(seed) for seed in range(4)]
    tiles = [(png, hashlib.sha256(png).hexdigest()) for png in pictures]
    made = [deps.thumbnails.get(*tile, 64, "png") for tile in tiles]
    sheet = deps.thumbnails.sheet("s", Tiles(len(tiles), lambda: tiles))
    grow_old(deps.settings.thumbnails_folder)
    assert deps.thumbnails.get(b"not looked at", tiles[2][1], 64, "png") == made[2]
    usage = deps.evictions["thumbnails"].evict()
    assert usage.entries == 1
    assert deps.thumbnails.get(b"not looked at", tiles[2][1], 64, "png") == made[2], "what was looked at is kept"
    assert deps.thumbnails.sheet("s", Tiles(len(tiles), lambda: tiles)) == sheet, "what has gone is made again"


def test_two_services_evict_from_one_folder(tmp_path: Path) -> None:
    """At once, while a third looks: what was used last stays, no more goes than for one, and nothing breaks."""
    store, png = FileStore(tmp_path), b"x" * 1000
    keys = [f"fv1_{number:064x}" for number in range(60)]
    for age, key in enumerate(keys):
        store.put(result([png], key), [png])
        os.utime(tmp_path / key[4:6] / key / "result.json", (1e9 - age, 1e9 - age))
    size = max(entry.bytes for entry in EvictableResults(store, tmp_path).entries())
    evictions = [Eviction("results", EvictableResults(FileStore(tmp_path), tmp_path), 20 * size) for _ in range(2)]
    begin = threading.Barrier(3)

    def evict(eviction: Eviction) -> None:
        begin.wait()
        eviction.evict()

    def look() -> None:
        begin.wait()
        for key in 5 * keys[::-1]:
            found = FileStore(tmp_path).get(key)
            assert found is None or found.key == key

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(evict, one) for one in evictions] + [pool.submit(look)]:
            done.result()
    assert [key for key in keys if store.get(key) is not None] == keys[:18]
    assert list((tmp_path / ".aside").iterdir()) == []


def test_a_photograph_is_claimed_whatever_the_clock_of_this_machine_says(
    deps: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file's server has its own."""
    claimed = deps.photos.add(photograph(0))
    others = [deps.photos.add(photograph(seed)) for seed in (1, 2)]
    grow_old(deps.settings.photos_folder)
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now - 10 * COUNTS_FOR)
    deps.photos.claim(claimed)
    monkeypatch.setattr("time.time", lambda: now + 10 * COUNTS_FOR)
    deps.evictions["photos"].evict()
    assert deps.photos.get(claimed)
    for other in others:
        with pytest.raises(UnknownPhoto):
            deps.photos.get(other)
