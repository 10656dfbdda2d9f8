"""Both clients against a service on a real port."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from redis import Redis

from featurelens.client import AsyncClient, Client, Visualization
from featurelens.client.connection import Connection
from featurelens.client.errors import NotAllowed, TimedOut, Unreachable
from featurelens.client.operations import LISTED
from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import AlreadyOver, InvalidSpec, NotFound, UnknownLayer, UnknownModel
from featurelens.jobs.settings import Settings
from featurelens.service.auth.api_keys import ApiKeys
from tests.support.fake_worker import RED
from tests.support.photographs import corners, encoded
from tests.support.served import served
from tests.support.server import Server

UNIT = "tinynet/conv2:3"


def test_a_picture_in_three_lines(service: Server, tmp_path: Path) -> None:
    with Client(service.url) as client:
        made = client.visualize(UNIT, steps=16, size=64)
        assert isinstance(made, Visualization)
        assert made.image.getpixel((0, 0)) == RED
        assert made.save(tmp_path / "unit.png").read_bytes() == made._repr_png_()
        assert made.params["steps"] == 16
        assert (made.params["layer"], made.params["channel"]) == ("conv2", 3)
        assert httpx.get(made.url or "").content == made.pngs[0]
        again = client.visualize(model="tinynet", layer="conv2", channel=3, steps=16, size=64)
        assert again.key == made.key


def test_it_can_be_asked_for_now_and_waited_for_later(service: Server) -> None:
    with Client(service.url) as client:
        job = client.submit(UNIT, steps=8)
        assert job.status in {"queued", "running"}
        assert [one.status for one in job.events()][-1] == "succeeded"
        assert job.wait(timeout=20).key == job.key
        assert job.refresh().status == "succeeded"
        assert client.job(job.key).wait().image.size == (96, 64)
        with pytest.raises(AlreadyOver):
            job.cancel()
        assert [one["key"] for one in client.jobs(status="succeeded")] == [job.key]
        assert [one["key"] for one in client.jobs(sort="activation", order="ascending")] == [job.key]
        assert client.jobs(status="failed") == []
        assert [client.jobs(kind) for kind in LISTED[1:]] == [[]] * (len(LISTED) - 1)


def test_a_sweep(service: Server) -> None:
    with Client(service.url) as client:
        sweep = client.sweep("tinynet/conv1", "0-2", steps=4, signs=["positive", "negative"])
        assert sweep.total == 6
        assert sweep.wait(timeout=30).status == "finished"
        assert sweep.counts["succeeded"] == 6
        assert [(one.params["channel"], one.params["sign"]) for one in sweep.pictures()] == [
            (channel, sign) for channel in range(3) for sign in ("positive", "negative")
        ]
        assert [item["channel"] for item in sweep.items()] == [0, 0, 1, 1, 2, 2]
        assert sweep.sheet().startswith(b"\x89PNG")
        assert sweep.refresh().total == 6


def test_what_there_is(service: Server) -> None:
    with Client(service.url) as client:
        (model,) = client.models()
        assert (model.shown, model.input_size) == ("tinynet", (64, 96))
        assert client.models("nothing of the kind") == []
        layers = client.layers("tinynet")
        assert [(layer.name, layer.channels) for layer in layers] == [("conv1", 8), ("conv2", 16), ("logits", 10)]
        assert client.layer("tinynet", "conv2").kind == "spatial"
        made = client.visualize(UNIT, steps=4)
        for unit in (client.unit(UNIT), client.unit("tinynet", "conv2", 3)):
            assert unit.address.endswith("/conv2:3")
            assert [one["key"] for one in unit.visualizations] == [made.key]
        assert client.status()["ready"]


def test_what_a_network_sees_in_a_photograph(service: Server, tmp_path: Path) -> None:
    path = tmp_path / "corners.png"
    path.write_bytes(encoded(corners()))
    with Client(service.url) as client:
        seen = client.activations("tinynet", path, layers=["conv1"], units=2)
        assert (seen.classes, seen.layers) == ([], [])
        digest = client.upload(corners())
        assert client.upload(digest) == digest == seen.params["photo"]
        assert client.activations("tinynet", digest, layers=["conv1"], units=2).key == seen.key


def test_what_there_is_not_is_answered_with_what_there_is(service: Server) -> None:
    with Client(service.url) as client:
        with pytest.raises(UnknownModel) as model:
            client.visualize("tinnynet/conv2:3")
        assert model.value.valid == ("tinynet",)
        with pytest.raises(UnknownLayer) as layer:
            client.submit("tinynet/conv:3")
        assert layer.value.valid == ("conv2", "conv1")
        assert [fault.pointer for fault in layer.value.errors] == ["/layer"]
        with pytest.raises(InvalidSpec) as sign:
            client.visualize(UNIT, sign="up")
        assert sign.value.valid == ("positive", "negative")
        with pytest.raises(InvalidSpec):
            client.unit("conv2")
        with pytest.raises(NotFound):
            client.job("fv1_" + "0" * 64)
        with pytest.raises(NotFound) as layers:
            client.layers("tinnynet")
        assert layers.value.valid == ("tinynet",)


def test_awaited(service: Server) -> None:
    async def ask() -> None:
        async with AsyncClient(service.url) as client:
            units = [client.visualize(f"tinynet/conv2:{channel}", steps=4) for channel in range(4)]
            assert len({made.key for made in await asyncio.gather(*units)}) == 4
            job = await client.submit(UNIT, steps=8)
            assert [one.status async for one in job.events()][-1] == "succeeded"
            assert (await job.wait()).key == job.key
            sweep = await (await client.sweep("tinynet/conv1", "0-1", steps=4)).wait(timeout=30)
            assert len([one async for one in sweep.pictures()]) == 2
            assert [model.shown for model in await client.models()] == ["tinynet"]
            seen = await client.activations("tinynet", encoded(corners()), layers=["conv1"])
            assert seen.classes == []
            with pytest.raises(NotFound) as raised:
                await client.layer("tinynet", "conv")
            assert raised.value.valid == ("conv2", "conv1")

    asyncio.run(ask())


def test_a_job_that_nobody_does(redis: Redis, broker: str, catalog: Catalog, tmp_path: Path) -> None:
    with served(redis, broker, tmp_path, works=False) as server, Client(server.url) as client:
        job = client.submit(UNIT, steps=8)
        with pytest.raises(TimedOut) as raised:
            job.wait(timeout=0.5)
        assert raised.value.key == job.key
        assert job.cancel().status == "cancelled"
        with pytest.raises(TimedOut):
            client.visualize(UNIT, steps=8, timeout=0.3)


def test_where_keys_are_asked_for(
    redis: Redis, broker: str, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FEATURELENS_API_KEY", raising=False)
    keys = ApiKeys(Settings(state=tmp_path).keys_file)
    with served(redis, broker, tmp_path, auth="on") as server:
        with Client(server.url) as nobody, pytest.raises(NotAllowed) as raised:
            nobody.models()
        assert raised.value.code == "not-authenticated"
        with Client(server.url, keys.create("read")) as reader, pytest.raises(NotAllowed):
            reader.visualize(UNIT)
        monkeypatch.setenv("FEATURELENS_API_KEY", keys.create("render"))
        monkeypatch.setenv("FEATURELENS_URL", server.url)
        with Client() as client:
            assert client.visualize(UNIT, steps=4).image.size == (96, 64)


def test_a_service_below_a_path(service: Server) -> None:
    """As a proxy serves it: the prefix is taken off on the way, and links that begin without it lead nowhere."""
    seen: list[str] = []

    class Proxy(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request.url.path)
            assert request.url.path.startswith("/lens/v1/")
            path = request.url.raw_path.removeprefix(b"/lens")
            request.url = request.url.copy_with(raw_path=path)
            return super().handle_request(request)

    with Client(f"{service.url}/lens/", transport=Proxy()) as client:
        made = client.visualize(UNIT, steps=4)
        assert (made.url or "").startswith(f"{service.url}/lens/v1/visualizations/")
        assert len(client.layers("tinynet")) == 3
    assert any(path.endswith("/image") for path in seen)


def test_nobody_there() -> None:
    with Client("http://127.0.0.1:1", patience=0) as client, pytest.raises(Unreachable):
        client.models()
    for nonsense in ("127.0.0.1:8000", "ftp://host", "http://", "http://host/?a=b"):
        with pytest.raises(InvalidSpec):
            Client(nonsense)


def test_pages_are_put_together(service: Server) -> None:
    with Client(service.url) as client:
        keys = {client.visualize(f"tinynet/conv2:{channel}", steps=2).key for channel in range(5)}
        listed = [job["key"] for job in client.jobs(limit=None)]
        assert set(listed) == keys
        assert [job["key"] for job in client.jobs(limit=3)] == listed[:3]


def test_an_answer_that_got_lost_is_asked_for_again_and_counts_once(
    redis: Redis, broker: str, catalog: Catalog, tmp_path: Path
) -> None:
    """The first POST arrives and its answer does not; nobody else has to take a request back."""
    lost: list[httpx.Request] = []

    class Lossy(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = super().handle_request(request)
            if request.method == "POST" and not lost:
                lost.append(request)
                response.close()
                raise httpx.ReadError("lost on the way")
            return response

    with served(redis, broker, tmp_path, works=False) as server, Client(server.url, transport=Lossy()) as client:
        job = client.submit(UNIT, steps=8)
        assert len(lost) == 1
        assert job.refresh().data["askers"] == 1
        assert job.cancel().status == "cancelled"


@pytest.mark.parametrize(("key", "sent"), [("fl_0123\n", "fl_0123"), (" fl_0123 ", "fl_0123"), ("", None)])
def test_a_key_is_taken_without_what_is_around_it(key: str, sent: str | None) -> None:
    assert Connection.to("http://127.0.0.1:1", key, 1).key == sent


@pytest.mark.parametrize(
    ("url", "key"), [("http://127.0.0.1:1", "fl_ü"), ("http://127.0.0.1:1", "fl_1\nX: y"), ("http://[::1", "")]
)
def test_what_is_no_key_and_no_address_is_said_without_the_key(url: str, key: str) -> None:
    with pytest.raises(InvalidSpec) as raised:
        Connection.to(url, key, 1)
    assert not key or key not in str(raised.value)
