"""The bucket keeps the promises of the folder. Needs moto's server on the PATH, or its address in FEATURELENS_MOTO."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing

import httpx
import obstore
import pytest
from obstore.store import S3Store

from jobs.bucket import BucketStore
from jobs.errors import StoreUnavailable
from tests.conftest import free_port
from tests.jobs.test_results import IMAGES, KEY, result
from tests.worker.machine_room import until

SERVER = os.environ.get("FEATURELENS_MOTO") or shutil.which("moto_server")
needs_server = pytest.mark.skipif(SERVER is None, reason="moto_server is not installed")


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    port = free_port()
    command = [str(SERVER), "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _listens(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def store(endpoint: str) -> BucketStore:
    httpx.post(f"{endpoint}/moto-api/reset").raise_for_status()
    httpx.put(f"{endpoint}/pictures").raise_for_status()
    store = BucketStore("s3://pictures/some/prefix", endpoint)
    assert store.get(KEY) is None
    store.put(result(), IMAGES)
    return store


@pytest.fixture
def objects(endpoint: str) -> S3Store:
    """The same bucket, to do damage in."""
    return S3Store(
        "pictures", endpoint=endpoint, virtual_hosted_style_request=False, client_options={"allow_http": True}
    )


@needs_server
def test_comes_back_as_it_was(store: BucketStore) -> None:
    found = store.get(KEY)
    assert found is not None
    assert found.numbers == result().numbers
    assert [store.image(KEY, index) for index in range(3)] == [
        (png, image.sha256) for png, image in zip(IMAGES, result().images, strict=True)
    ] + [None]
    assert [one.key for one in store.results()] == [KEY]
    assert store.delete(KEY)
    assert not store.delete(KEY)
    assert store.get(KEY) is None
    assert list(store.results()) == []


@needs_server
@pytest.mark.parametrize("name", ["image-0.png", "image-1.png", "result.json"])
@pytest.mark.parametrize("damage", ["truncate", "flip", "remove"])
def test_damage_is_a_miss_and_mended(store: BucketStore, objects: S3Store, name: str, damage: str) -> None:
    path = f"some/prefix/aa/{KEY}/{name}"
    content = bytes(obstore.get(objects, path).bytes())
    if damage == "remove":
        obstore.delete(objects, path)
    else:
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        obstore.put(objects, path, content[:middle] if damage == "truncate" else flipped)
    index = 1 if name == "image-1.png" else 0
    assert store.image(KEY, index) is None
    store.put(result(), IMAGES)
    assert store.image(KEY, index) is not None
    assert store.get(KEY) is not None


@needs_server
def test_the_first_stays(store: BucketStore) -> None:
    store.put(result([b"other"]), [b"other"])
    assert store.image(KEY, 0) == (IMAGES[0], result().images[0].sha256)


def test_unreachable() -> None:
    store = BucketStore("s3://pictures", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreUnavailable):
        store.get(KEY)


def test_only_keys_become_paths() -> None:
    with pytest.raises(ValueError, match="no key"):
        BucketStore("s3://pictures", "http://127.0.0.1:1").get("../../x")


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
