"""An answer is given again exactly while nothing that decides it has changed, and only to whom it may be given."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis
from starlette.types import Message, Receive, Scope, Send

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.service.dependencies import Dependencies
from featurelens.service.middleware.remembered_answers import ROOM, RememberedAnswersMiddleware
from tests.support.results import result
from tests.support.visualizations import KEY, PNG, SPEC, URL, put

IMAGE, RESOURCE = f"{URL}/{KEY}/image", f"{URL}/{KEY}"


class Endpoint:
    """Answers with `status` and how often it has been asked; reads the result, as endpoints do."""

    def __init__(self, deps: Dependencies) -> None:
        self.deps = deps
        self.asked = 0
        self.status = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        self.deps.store.get(KEY)
        scope["route"] = "the route"
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"x-y", b"z")]})
        await send({"type": "http.response.body", "body": str(self.asked).encode()})


class Asker:
    """Asks the middleware around an `Endpoint`."""

    def __init__(self, settings: Settings) -> None:
        self.deps = Dependencies.of(settings)
        self.store = FileStore(settings.results_folder)
        self.endpoint = Endpoint(self.deps)
        self._app = RememberedAnswersMiddleware(self.endpoint, self.deps)

    def ask(self, path: str, query: str = "", method: str = "GET", **headers: str) -> str:
        """The body of the answer."""
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
        scope["headers"] = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        asyncio.run(self._app(scope, None, send))  # type: ignore[arg-type]
        assert scope["route"] == "the route"
        assert sent[0]["headers"] == [(b"x-y", b"z")]
        sent[0]["headers"].append((b"x-request-id", b"that of this request"))
        body: bytes = sent[1]["body"]
        return body.decode()


@pytest.fixture
def asker(broker: str, catalog: Catalog, redis: Redis, tmp_path: Path) -> Asker:
    asker = Asker(Settings(redis_url=broker, state=tmp_path))
    put(asker.store)
    return asker


@pytest.mark.parametrize("path", [IMAGE, RESOURCE])
def test_again_for_as_long_as_the_result_is_the_same(asker: Asker, path: str) -> None:
    """The first look reads the result, the second one is remembered."""
    assert [asker.ask(path) for _ in range(5)] == ["1", "2", "2", "2", "2"]
    assert asker.ask(path, "width=64") == "3"
    assert [asker.ask(path), asker.ask(path, "width=64")] == ["2", "3"]
    asker.store.delete(KEY)
    assert asker.ask(path) == "4"
    asker.store.put(result([b"another"], KEY, SPEC), [b"another"])
    assert [asker.ask(path) for _ in range(4)] == ["5", "6", "6", "6"]


@pytest.mark.parametrize("name", ["result.json", "image-0.png"])
def test_a_file_that_is_damaged_is_seen(asker: Asker, name: str) -> None:
    assert [asker.ask(IMAGE) for _ in range(3)] == ["1", "2", "2"]
    (path,) = Settings(state=asker.deps.settings.state).results_folder.rglob(name)
    path.write_bytes(bytes(reversed(path.read_bytes())))
    assert asker.ask(IMAGE) == "3"


@pytest.mark.parametrize(
    "asked",
    [{"if_none_match": '"x"'}, {"prefer": "wait=1"}, {"range": "bytes=0-1"}, {"method": "DELETE"}, {"method": "HEAD"}],
)
def test_what_asks_for_something_else_is_for_the_endpoint(asker: Asker, asked: dict[str, str]) -> None:
    for _ in range(2):
        asker.ask(IMAGE)
    assert [asker.ask(IMAGE, **asked) for _ in range(2)] == ["3", "4"]
    assert asker.ask(IMAGE) == "2"


def test_only_what_is_found_is_remembered(asker: Asker) -> None:
    asker.endpoint.status = 404
    assert [asker.ask(IMAGE) for _ in range(3)] == ["1", "2", "3"]
    assert [asker.ask(f"{IMAGE}/more") for _ in range(2)] == ["4", "5"]


def test_a_picture_is_marked_as_used(asker: Asker) -> None:
    for _ in range(3):
        asker.ask(IMAGE)
    (path,) = asker.deps.settings.results_folder.rglob("result.json")
    os.utime(path, (1, 1))
    for _ in range(4):
        asker.ask(IMAGE)
    assert path.stat().st_mtime > 1


def test_without_a_broker_what_stands_beside_scans_is_not_remembered(asker: Asker, redis: Redis) -> None:
    asker.deps.redis.close()
    object.__setattr__(asker.deps.evidences, "_catalog", Catalog(Redis(port=1)))
    assert [asker.ask(RESOURCE) for _ in range(3)] == ["1", "2", "3"]


def test_only_for_whoever_may_look(broker: str, catalog: Catalog, redis: Redis, tmp_path: Path) -> None:
    asker = Asker(Settings(redis_url=broker, state=tmp_path, auth="on"))
    put(asker.store)
    key = asker.deps.api_keys.create("read")
    allowed = {"authorization": f"Bearer {key}"}
    assert [asker.ask(IMAGE, **allowed) for _ in range(3)] == ["1", "2", "2"]
    assert [asker.ask(IMAGE, **other) for other in ({}, {"authorization": "Bearer fl_a_b"})] == ["3", "4"]
    assert asker.ask(IMAGE, **allowed) == "2"
    assert asker.deps.api_keys.revoke(key.split("_")[1])
    assert asker.ask(IMAGE, **allowed) == "5"


def test_the_same_answer(client: httpx.Client, store: FileStore) -> None:
    """Headers included, but for the name of the request; also of one that only asks for them."""
    put(store)
    for path in (IMAGE, RESOURCE):
        answers = [client.get(path) for _ in range(4)]
        told = [dict(one.headers) for one in answers]
        assert len({headers.pop("x-request-id") for headers in told}) == 4
        for headers in told:
            headers.pop("date", None)
        assert all(headers == told[0] for headers in told)
        assert len({one.content for one in answers}) == 1
        head = client.head(path)
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", told[0]["content-length"])
    assert answers[0].json()["key"] == KEY
    assert client.get(IMAGE).content == PNG


def test_what_is_remembered_is_counted_with_its_address(asker: Asker) -> None:
    asker.ask(IMAGE)
    known = asker.ask(IMAGE)
    long = "x=" + "a" * (ROOM // 4)
    assert asker.ask(IMAGE, long) != asker.ask(IMAGE, long), "more than a quarter of the room is not kept"
    assert asker.ask(IMAGE) == known


@pytest.mark.parametrize("error", [OtherVersion("a catalog of another version"), OSError("EIO")])
def test_what_cannot_be_told_is_left_to_the_endpoint(
    asker: Asker, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: object, _key: str) -> None:
        raise error

    monkeypatch.setattr(type(asker.deps.store), "version", broken)
    assert [asker.ask(RESOURCE) for _ in range(2)] == ["1", "2"]
