"""Photographs over HTTP: uploaded, looked at, refused, and asked for in a specification."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from featurelens.jobs.settings import Settings
from featurelens.service.auth.api_keys import SCOPES, ApiKeys, Scope
from tests.support.authorization import bearer
from tests.support.photographs import corners, encoded
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import URL

PHOTOS = "/v1/photos"
PNG = {"Content-Type": "image/png"}
NOBODY = "sha256:" + "0" * 64


def upload(client: httpx.Client, body: bytes | None = None, headers: dict[str, str] = PNG) -> httpx.Response:
    return client.post(PHOTOS, content=encoded(corners()) if body is None else body, headers=headers)


def caricature(photo: str) -> dict[str, Any]:
    return {"model": "tinynet", "layer": "conv2", "objective": {"type": "caricature", "photo": photo}}


def test_uploaded_and_looked_at(client: httpx.Client) -> None:
    answer = upload(client)
    assert answer.status_code == 201
    photo, url = answer.json()["photo"], answer.json()["url"]
    assert (answer.headers["location"], url) == (url, f"{PHOTOS}/{photo}")
    assert upload(client).json() == answer.json()
    shown = client.get(url)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert photo == "sha256:" + hashlib.sha256(shown.content).hexdigest()
    assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert shown.headers["x-content-type-options"] == "nosniff"
    etag = shown.headers["etag"]
    again = client.get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("kind", "media_type"), [("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("PNG", "IMAGE/PNG; x=y")]
)
def test_kinds(client: httpx.Client, kind: str, media_type: str) -> None:
    assert upload(client, encoded(corners(), kind), {"Content-Type": media_type}).status_code == 201


def test_too_large(client: httpx.Client) -> None:
    most = Settings().photo_bytes
    check(upload(client, bytes(most)), 422, "invalid-spec")
    problem = check(upload(client, bytes(most + 1)), 413, "body-too-large")
    assert f"{most:,} bytes" in problem["detail"]


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "image/gif"}, {"Content-Type": "application/json"}])
def test_not_called_a_photograph(client: httpx.Client, headers: dict[str, str]) -> None:
    assert "image/webp" in check(upload(client, headers=headers), 415, "wrong-media-type")["detail"]


@pytest.mark.parametrize("body", [b"", b"garbage", encoded(corners(), "GIF"), encoded(Image.new("L", (4, 4)))])
def test_no_photograph(client: httpx.Client, body: bytes) -> None:
    assert "a photograph must be" in check(upload(client, body), 422, "invalid-spec")["detail"]


@pytest.mark.parametrize("name", [NOBODY, "sha256:", "x", "..%2f..%2fsecret", "sha256:" + "G" * 64])
def test_unknown(client: httpx.Client, name: str) -> None:
    check(client.get(f"{PHOTOS}/{name}"), 404, "not-found")


def test_in_a_specification(client: httpx.Client) -> None:
    photo = upload(client).json()["photo"]
    answer = client.post(URL, json=caricature(photo))
    assert answer.status_code == 202
    assert answer.json()["spec"]["objective"] == {"type": "caricature", "photo": photo, "power": 1.0}
    dream = {"model": "tinynet", "layer": "conv2", "objective": {"type": "layer", "photo": NOBODY}}
    accentuation = {**dream, "channels": "0-3", "objective": {"type": "accentuation", "photo": NOBODY}}
    for url, body, pointer in (
        (URL, caricature(NOBODY), "/objective/photo"),
        (URL, dream, "/objective/photo"),
        ("/v1/sweeps", accentuation, "/objective/photo"),
        ("/v1/activations", {"model": "tinynet", "photo": NOBODY, "layers": ["conv2"]}, "/photo"),
    ):
        problem = check(client.post(url, json=body), 422, "unknown-photo")
        assert problem["errors"][0]["pointer"] == pointer
        assert "/v1/photos" in problem["detail"]


@pytest.mark.parametrize("scope", SCOPES)
def test_scopes(broker: str, tmp_path: Path, client: httpx.Client, scope: Scope) -> None:
    """Uploading makes something, looking does not."""
    settings = Settings(redis_url=broker, state=tmp_path, auth="on")
    with Server(settings) as server:
        check(upload(server.client), 401, "not-authenticated")
        check(server.client.get(f"{PHOTOS}/{NOBODY}"), 401, "not-authenticated")
        key = bearer(ApiKeys(settings.keys_file).create(scope))
        sent = upload(server.client, headers=PNG | key)
        if scope == "read":
            check(sent, 403, "not-allowed")
        else:
            assert sent.status_code == 201
        check(server.client.get(f"{PHOTOS}/{NOBODY}", headers=key), 404, "not-found")


def test_an_upload_onto_a_full_disk(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("featurelens.jobs.store.photos.Photos.add", full)
    answer = client.post("/v1/photos", content=b"x", headers={"Content-Type": "image/png"})
    check(answer, 507, "store-full")
