"""Both clients ask for more than pictures: attributions, maps, weights, scans, and pictures one by one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis import Redis

from featurelens.client import AsyncClient, Attribution, Client, Result, Visualization
from featurelens.client.errors import TimedOut
from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import FeaturelensError, InvalidSpec, NotFound, RenderFailed, UnknownDataset
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from tests.support import datasets
from tests.support.fake_worker import make
from tests.support.photographs import corners
from tests.support.scans import TABLE
from tests.support.scans import finish as finish_scan
from tests.support.served import served
from tests.support.server import Server

UNIT = "tinynet/conv2:3"


def test_what_units_say_to_a_photograph(service: Server, tmp_path: Path) -> None:
    with Client(service.url) as client:
        found = client.attribution(UNIT, corners(), method={"type": "occlusion"})
        assert isinstance(found, Attribution)
        assert found.save(tmp_path / "why.png").read_bytes() == found._repr_png_()
        assert found.image.size == (96, 64)
        assert found.params["method"]["type"] == "occlusion"
        assert found["completeness_error"] == found.data["completeness_error"]
        assert client.job(found.key).wait().png == found.png
        maps = client.maps("tinynet", "conv2", found.params["photo"])
        assert type(maps) is Result
        assert (maps.url or "").endswith(f"/v1/maps/{maps.key}")
        assert b"photograph" in client.file(maps)
        assert b"attribution" in client.file(found.key)
        with pytest.raises(NotFound, match="maps, attributions, scans"):
            client.file("fv1_" + "0" * 64)


def test_weights(service: Server) -> None:
    with Client(service.url) as client:
        assert client.filters(UNIT, units=2).params["units"] == 2
        with pytest.raises(InvalidSpec, match="model/layer:channel"):
            client.filters("conv2")


def test_a_scan_and_what_it_tells(redis: Redis, broker: str, catalog: Catalog, tmp_path: Path) -> None:
    name = datasets.ENTRY.name
    catalog.datasets.publish([datasets.ENTRY])
    with served(redis, broker, tmp_path, works=False) as server, Client(server.url) as client:
        assert [one["name"] for one in client.datasets()] == [client.dataset(name)["name"]] == [name]
        with pytest.raises(TimedOut):
            client.scan("tinynet", name, layers=["conv1", "conv2"], timeout=0.1)
        job = client.start("scans", model="tinynet", dataset=name, layers=["conv1", "conv2"])
        finish_scan(redis, FileStore(Settings(state=tmp_path).results_folder), job.key)
        found = client.scan("tinynet", name, layers=["conv1", "conv2"], timeout=20)
        assert (found.key, found["images"]) == (job.key, 39)
        assert client.file(found) == TABLE
        assert [one["image"] for one in client.examples(UNIT)["strongest"]] == [3, 4]
        assert [one["channel"] for one in client.alike(UNIT, name)["alike"]] == [4, 1]
        spectrum = client.spectrum(UNIT, name)
        assert {one["part"] for one in spectrum["missing"]} == {"negative", "positive"}
        assert client.spectrum_sheet(UNIT).startswith(b"\x89PNG")
        with pytest.raises(TimedOut):
            client.spectrum(UNIT, make=True, timeout=0.1)
        with pytest.raises(FeaturelensError):
            client.comparison("fv1_" + "0" * 64, name)
        with pytest.raises(InvalidSpec) as kind:
            client.start("scan", model="tinynet")
        assert "scans" in kind.value.valid
        with pytest.raises(InvalidSpec, match="no 'filters' can be started"):
            client.start("filters", model="tinynet", layer="conv2", channel=3)


def test_pictures_come_one_by_one(redis: Redis, broker: str, catalog: Catalog, tmp_path: Path) -> None:
    store = FileStore(Settings(state=tmp_path).results_folder)
    with served(redis, broker, tmp_path, works=False) as server, Client(server.url) as client:
        sweep = client.sweep("tinynet/conv2", "0-3", steps=4)
        keys = [item["key"] for item in sweep.items()]
        make(redis, store, keys[2])
        steps: list[int] = []
        pictures = sweep.as_finished(timeout=30, progress=lambda one: steps.append(one.step))
        item, picture = next(pictures)
        assert isinstance(picture, Visualization)
        assert (item["channel"], picture.key) == (2, keys[2])
        ticket = JobQueue(redis).find(keys[0])
        assert ticket is not None
        Records(redis).fail(keys[0], ticket.record.attempt, RenderFailed("it broke"))
        item, failed = next(pictures)
        assert (item["channel"], getattr(failed, "detail", None)) == (0, "it broke")
        for key in keys[1::2]:
            make(redis, store, key)
        assert [item["channel"] for item, _ in pictures] == [1, 3]
        assert steps[-1] == 4
        late = client.sweep("tinynet/conv2", "4", steps=4).as_finished(timeout=0.1)
        with pytest.raises(TimedOut):
            next(late)


def test_awaited(service: Server) -> None:
    async def ask() -> None:
        async with AsyncClient(service.url) as client:
            found = await client.attribution(UNIT, corners())
            assert found.image.size == (96, 64)
            assert await client.file(found)
            assert (await client.maps("tinynet", "conv2", corners())).key.startswith("fm")
            assert (await client.filters(UNIT)).key.startswith("ff")
            assert await client.datasets() == []
            job = await client.start("visualizations", unit=UNIT, steps=4)
            assert job.key.startswith(VISUALIZATION.prefix)
            assert isinstance(await job.wait(), Visualization)
            sweep = await client.sweep("tinynet/conv1", "0-1", steps=4)
            assert sorted([item["channel"] async for item, _ in sweep.as_finished()]) == [0, 1]
            with pytest.raises(NotFound):
                await client.examples(UNIT)
            with pytest.raises(NotFound):
                await client.alike(UNIT)
            with pytest.raises(UnknownDataset):
                await client.spectrum_sheet(UNIT)

    asyncio.run(ask())
