"""The bucket keeps the promises of the folder, against a real server."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from typing import Any

import obstore
import pytest
from obstore.exceptions import PermissionDeniedError
from obstore.store import S3Store

from featurelens.jobs.errors import NotStored, StoreUnavailable
from featurelens.jobs.store.bucket import Bucket
from featurelens.jobs.store.bucket_store import BucketStore
from featurelens.launcher.claim import free_port
from tests.support.bucket import BUCKET, BucketServer
from tests.support.results import FILES, IMAGES, KEY, result

CONTENTS = list(FILES.values())
whole = partial(result, files=FILES)


pytestmark = pytest.mark.usefixtures("credentials")


@pytest.fixture
def store(server: BucketServer) -> BucketStore:
    server.empty()
    store = BucketStore(f"s3://{BUCKET}/some/prefix", server.endpoint)
    assert store.get(KEY) is None
    store.put(whole(), IMAGES, CONTENTS)
    return store


@pytest.fixture
def objects(server: BucketServer) -> S3Store:
    return server.objects()


def test_comes_back_as_it_was(store: BucketStore) -> None:
    found = store.get(KEY)
    assert found is not None
    assert found.numbers == result().numbers
    assert [store.image(KEY, index) for index in range(3)] == [
        (png, image.sha256) for png, image in zip(IMAGES, result().images, strict=True)
    ] + [None]
    assert store.file(KEY, "maps.safetensors") == (CONTENTS[0], found.files[0].sha256)
    assert store.file(KEY, "other.safetensors") is None
    assert store.file_part(KEY, "maps.safetensors", 250, 12) == CONTENTS[0][250:262]
    assert store.file_part(KEY, "maps.safetensors", len(CONTENTS[0]), 1) is None
    assert [one.key for one in store.results()] == [KEY]
    assert store.get_all([f"fv1_{number:064x}" for number in range(40)] + [KEY]) == {KEY: found}
    assert store.get_all([]) == {}
    assert store.delete(KEY)
    assert not store.delete(KEY)
    assert store.get(KEY) is None
    assert list(store.results()) == []


@pytest.mark.parametrize("name", ["image-0.png", "image-1.png", "result.json", "file-maps.safetensors"])
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
    if name.startswith("file-"):
        assert store.get(KEY) is None
        assert store.file(KEY, "maps.safetensors") is None
    else:
        assert store.image(KEY, index) is None
    store.put(whole(), IMAGES, CONTENTS)
    assert store.image(KEY, index) is not None
    assert store.get(KEY) is not None


def test_the_first_stays(store: BucketStore) -> None:
    store.put(result([b"other"]), [b"other"])
    assert store.image(KEY, 0) == (IMAGES[0], result().images[0].sha256)


def test_of_two_at_once_the_first_stays(
    store: BucketStore, server: BucketServer, objects: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two makings differ in what they say of themselves; the later one had looked before the first was there."""
    store.delete(KEY)
    first, late = whole(), whole().model_copy(update={"created": result().created + timedelta(hours=1)})
    other, put = BucketStore(f"s3://{BUCKET}/some/prefix", server.endpoint), obstore.put

    def interrupted(*asked: Any, **options: Any) -> object:
        monkeypatch.setattr(obstore, "put", put)
        other.put(first, IMAGES, CONTENTS)
        return put(*asked, **options)

    monkeypatch.setattr(obstore, "put", interrupted)
    store.put(late, IMAGES, CONTENTS)
    found = store.get(KEY)
    assert found is not None
    assert found.created == first.created
    assert store.image(KEY) == (IMAGES[0], result().images[0].sha256)


def test_the_first_stays_whole_whenever_another_comes(store: BucketStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that began before and was cut off would leave its image under the other's digest."""
    store.delete(KEY)
    looked = store.get

    def overtaken(key: str) -> None:
        monkeypatch.setattr(store, "get", looked)
        store.put(whole(), IMAGES, CONTENTS)

    monkeypatch.setattr(store, "get", overtaken)
    store.put(result([b"other"]), [b"other"])
    assert store.image(KEY, 0) == (IMAGES[0], result().images[0].sha256)


def test_what_one_that_died_has_left_is_replaced(store: BucketStore, objects: S3Store) -> None:
    store.delete(KEY)
    obstore.put(objects, f"some/prefix/aa/{KEY}/image-0.png", b"other")
    store.put(whole(), IMAGES, CONTENTS)
    assert store.image(KEY, 0) == (IMAGES[0], result().images[0].sha256)


def test_unreachable() -> None:
    store = BucketStore(f"s3://{BUCKET}", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreUnavailable):
        store.get(KEY)
    with pytest.raises(StoreUnavailable):
        store.image(KEY)
    with pytest.raises(StoreUnavailable):
        store.put(whole(), IMAGES, CONTENTS)


def test_no_such_bucket(server: BucketServer) -> None:
    with pytest.raises(NotStored):
        BucketStore("s3://another", server.endpoint).put(result(), IMAGES)


def test_silence_is_not_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("featurelens.jobs.store.bucket.PATIENCE", 1.0)
    with BucketServer() as server:
        store = BucketStore(f"s3://{BUCKET}", server.endpoint, patience=1.0)
        assert store.get(KEY) is None
        server.hang()
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable):
            store.get(KEY)
        assert time.monotonic() - begun < 4


def test_only_keys_become_paths() -> None:
    with pytest.raises(ValueError, match="no key"):
        BucketStore("s3://pictures", "http://127.0.0.1:1").get("../../x")


def test_whether_it_can_be_written(server: BucketServer, objects: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial leaves nothing; one who may only read is told so."""
    server.empty()
    bucket = Bucket(f"s3://{BUCKET}/some/prefix", server.endpoint)
    assert bucket.takes() is None
    assert obstore.list(objects).collect() == []

    def refused(*_: object) -> None:
        raise PermissionDeniedError("403")

    monkeypatch.setattr(obstore, "put", refused)
    assert bucket.takes() == "PermissionDeniedError"
