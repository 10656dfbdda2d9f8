"""Images: got, not got again, deleted."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from featurelens.jobs.store.file_store import FileStore
from tests.support.problems import check
from tests.support.visualizations import KEY, PNG, URL, put


def test_image(client: httpx.Client, store: FileStore) -> None:
    put(store, [PNG, b"second", b"sheet of both"])
    answer = client.get(f"{URL}/{KEY}/image")
    assert (answer.status_code, answer.content) == (200, PNG)
    etag = f'"{hashlib.sha256(PNG).hexdigest()}"'
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["etag"] == etag
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(f"{URL}/{KEY}/image?index=1").content == b"second"
    assert client.get(f"{URL}/{KEY}/image?index=3").status_code == 404
    assert client.get(f"{URL}/{KEY}/image?index=-1").status_code == 422
    body = client.get(f"{URL}/{KEY}").json()
    assert [client.get(picture["url"]).content for picture in body["images"]] == [PNG, b"second"]
    assert client.get(body["links"]["sheet"]).content == b"sheet of both"


@pytest.mark.parametrize(
    ("images", "told"),
    [([PNG], "1 picture, indices 0 to 0"), ([PNG, PNG, PNG], "2 pictures and a sheet of them, indices 0 to 2")],
)
@pytest.mark.parametrize("query", ["index=3", "index=10000", "index=3&width=64", "index=3&format=webp"])
def test_which_there_are(client: httpx.Client, store: FileStore, images: list[bytes], told: str, query: str) -> None:
    put(store, images)
    detail = check(client.get(f"{URL}/{KEY}/image?{query}"), 404, "not-found")["detail"]
    assert told in detail
    assert "no finished" not in detail


def test_what_is_not_finished_has_none(client: httpx.Client, attempt: str) -> None:
    for query in ("", "?index=3", "?width=64"):
        assert "no finished picture" in check(client.get(f"{URL}/{KEY}/image{query}"), 404, "not-found")["detail"]
    assert "while somebody watches" in check(client.get(f"{URL}/{KEY}/preview"), 404, "not-found")["detail"]


def test_why_there_is_no_preview(client: httpx.Client, store: FileStore) -> None:
    assert "never asked for" in check(client.get(f"{URL}/{KEY}/preview"), 404, "not-found")["detail"]
    put(store)
    assert f"{URL}/{KEY}/image" in check(client.get(f"{URL}/{KEY}/preview"), 404, "not-found")["detail"]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_not_modified(client: httpx.Client, store: FileStore, form: str) -> None:
    put(store)
    etag = client.get(f"{URL}/{KEY}/image").headers["etag"]
    answer = client.get(f"{URL}/{KEY}/image", headers={"If-None-Match": form.format(etag)})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert client.get(f"{URL}/{KEY}/image", headers={"If-None-Match": '"other"'}).status_code == 200


def test_deleted(client: httpx.Client, store: FileStore) -> None:
    put(store)
    check(client.delete(f"{URL}/{KEY}"), 409, "already-over")
    assert client.get(f"{URL}/{KEY}/image").content == PNG
    gone = client.delete(f"{URL}/{KEY}/image")
    assert (gone.status_code, gone.content) == (204, b"")
    check(client.delete(f"{URL}/{KEY}/image"), 404, "not-found")
    check(client.get(f"{URL}/{KEY}"), 404, "not-found")
