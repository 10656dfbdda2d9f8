"""HEAD tells what GET would, and nothing more."""

from __future__ import annotations

import httpx
import pytest

from featurelens.jobs.store.file_store import FileStore
from tests.support.server import Server
from tests.support.visualizations import BODY, KEY, URL, put
from tests.support.wait import until

TOLD = ("content-type", "content-length", "etag", "cache-control", "retry-after")


@pytest.mark.parametrize(
    "path", [f"{URL}/{KEY}", f"{URL}/{KEY}/image", f"{URL}/{KEY}/preview", "/v1/models", "/docs", "/livez"]
)
def test_the_same_without_the_body(client: httpx.Client, store: FileStore, path: str) -> None:
    put(store)
    whole, bare = client.get(path), client.head(path)
    assert (bare.status_code, bare.content) == (whole.status_code, b"")
    assert [bare.headers.get(name) for name in TOLD] == [whole.headers.get(name) for name in TOLD]


def test_a_stream_does_not_begin(client: httpx.Client, server: Server) -> None:
    client.post(URL, json=BODY)
    answer = client.head(f"{URL}/{KEY}/events")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    until(lambda: server.watcher.watchers(KEY) == 0)
    assert client.get("/livez").status_code == 200


def test_what_only_takes_post(client: httpx.Client) -> None:
    assert client.head("/v1/sweeps").status_code == 405
