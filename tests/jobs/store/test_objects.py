"""What is stored comes back whole, from a folder as from a bucket, by whichever machine it is asked for."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import obstore
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from featurelens.jobs.errors import StoreUnavailable, UnknownPhoto
from featurelens.jobs.settings import Settings
from featurelens.jobs.store import bucket
from featurelens.jobs.store.bucket import Bucket
from featurelens.jobs.store.folder import Folder
from featurelens.jobs.store.identity import identify
from featurelens.jobs.store.objects import Objects
from featurelens.jobs.store.open_store import open_photos, open_store, open_whole
from featurelens.jobs.store.photos import Photos
from tests.support.bucket import BUCKET, BucketServer
from tests.support.photographs import corners, encoded
from tests.support.results import IMAGES, KEY, result

Machine = Callable[[], Settings]


@pytest.fixture(params=["folder", "bucket"])
def machine(request: pytest.FixtureRequest, tmp_path: Path, server: BucketServer, credentials: None) -> Machine:
    """Makes settings of machines that share one new store and nothing else."""
    shared = str(tmp_path / "shared") if request.param == "folder" else f"s3://{BUCKET}/{uuid4().hex}"

    def settings() -> Settings:
        state = tmp_path / uuid4().hex
        return Settings.model_validate({"state": state, "results": shared, "results_endpoint": server.endpoint})

    return settings


@pytest.fixture
def objects(machine: Machine) -> Objects:
    return open_whole(machine())


NAMES = st.sampled_from(["a", "b.txt", "c/d"])
ACTIONS = st.one_of(
    st.tuples(st.just("write"), NAMES, st.binary(max_size=64)),
    st.tuples(st.just("create"), NAMES, st.binary(max_size=64)),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("delete"), NAMES, st.none()),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, max_size=8))
def test_they_are_what_a_dictionary_would_be(machine: Machine, actions: list[tuple[str, str, Any]]) -> None:
    one, other = open_whole(machine()), open_whole(machine())
    for name in ("a", "b.txt", "c/d"):
        one.delete(name)
    known: dict[str, bytes] = {}
    for action, name, argument in actions:
        if action == "write":
            one.write(name, argument)
            known[name] = argument
        elif action == "create":
            assert one.create(name, argument) == (name not in known)
            known.setdefault(name, argument)
        elif action == "delete":
            one.delete(name)
            known.pop(name, None)
        elif "/" not in argument and name != argument:
            assert one.rename(name, argument) == (name in known)
            known |= {argument: known.pop(name)} if name in known else {}
        one, other = other, one
    assert {name: content for name in ("a", "b.txt", "c/d") if (content := one.read(name)) is not None} == known
    assert {name for name, _ in one.ages()} == set(known)
    assert all(-5 < age < 600 for _, age in one.ages())


def test_of_several_at_once_one_makes_it(objects: Objects) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: objects.create("once", b"%d" % number), range(8)))
    assert sum(made) == 1
    assert objects.read("once") == b"%d" % made.index(True)


def test_a_store_has_one_id_whoever_asks(machine: Machine) -> None:
    machines = [machine() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda one: identify(one, open_whole(one)), machines))
    assert len(set(found)) == 1
    assert len(found[0].id) == 32
    assert found[0].where == machines[0].results
    alone = Settings(state=machines[0].state)
    assert identify(alone, open_whole(alone)).id != found[0].id


def test_a_state_folder_keeps_the_id_it_has(tmp_path: Path) -> None:
    """That of versions before this one, but for one that has died before it wrote it."""
    (tmp_path / "queue.id").write_text("0" * 32)
    alone = Settings(state=tmp_path)
    assert identify(alone, open_whole(alone)).id == "0" * 32
    (tmp_path / "queue.id").write_text("")
    assert len(identify(alone, open_whole(alone)).id) == 32


def test_photographs_of_one_machine_are_there_for_another(machine: Machine) -> None:
    upload = encoded(corners())
    name = open_photos(machine()).add(upload)
    png = open_photos(machine()).get(name)
    assert name == f"sha256:{hashlib.sha256(png).hexdigest()}"
    assert open_photos(machine()).add(upload) == name
    open_photos(machine()).claim(name)
    digest = name.removeprefix("sha256:")
    open_whole(machine()).write(f"photos/{digest}.png", png[:-1])
    for read in (open_photos(machine()).get, open_photos(machine()).claim):
        with pytest.raises(UnknownPhoto, match="there is no photograph"):
            read(name)
    assert open_photos(machine()).add(upload) == name
    assert open_photos(machine()).get(name) == png


def test_photographs_from_before_there_was_a_shared_store(machine: Machine) -> None:
    """They are found in the state folder, and shared from then on."""
    before = machine()
    name = Photos(Folder(before.state / "photos")).add(encoded(corners()))
    with pytest.raises(UnknownPhoto):
        open_photos(machine()).get(name)
    png = open_photos(before).get(name)
    assert open_photos(machine()).get(name) == png


def test_results_lie_beside_all_that(machine: Machine) -> None:
    one, other = machine(), machine()
    identify(one, open_whole(one))
    open_photos(one).add(encoded(corners()))
    open_whole(one).write("scans/fs1_0.safetensors", b"x")
    open_whole(one).write("thumbnails/ab/abc", b"x")
    open_store(one).put(result(), IMAGES)
    assert [found.key for found in open_store(other).results()] == [KEY]
    assert [found.key for found in open_store(other).results("fv1_")] == [KEY]
    assert list(open_store(other).results("fs1_")) == []
    assert open_store(other).image(KEY, 0) == open_store(one).image(KEY, 0)
    assert open_store(other).delete(KEY)
    assert open_store(one).get(KEY) is None
    assert not one.state.exists(), "nothing is left on the machine"


def test_what_is_used_is_new(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """To an eviction in a folder, which goes by the time of files; to the rules of a bucket, which goes by the day."""
    objects = open_whole(machine())
    objects.write("used", b"content")
    if isinstance(objects, Folder):
        (path,) = Path(str(machine().results)).glob("used")
        os.utime(path, (0, 0))
    else:
        now = datetime.now(UTC) + timedelta(seconds=bucket.RENEWED_AFTER + 60)
        monkeypatch.setattr(bucket, "RENEWED_AFTER", 0.0)
        monkeypatch.setattr(bucket, "_age", lambda modified: (now - modified).total_seconds())
    before = dict(objects.ages())["used"]
    assert before > 24 * 3600
    objects.used("used")
    objects.used("not there")
    if isinstance(objects, Folder):
        assert dict(objects.ages())["used"] < 60
    assert objects.read("used") == b"content"


def test_a_bucket_is_written_anew_when_something_is_used(
    server: BucketServer, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not each time: once it is a day old."""
    objects = Bucket(f"s3://{BUCKET}/{uuid4().hex}", server.endpoint)
    objects.write("used", b"content")
    written: list[str] = []
    monkeypatch.setattr(objects, "write", lambda name, _: written.append(name))
    objects.used("used", 0)
    assert written == []
    monkeypatch.setattr(bucket, "_age", lambda _: bucket.RENEWED_AFTER + 1)
    objects.used("used")
    assert written == ["used"]


def test_a_bucket_without_conditions(server: BucketServer, credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there stays, as far as that can be seen."""
    put = obstore.put

    def unconditional(*arguments: Any, mode: str = "overwrite") -> Any:
        if mode == "create":
            raise NotImplementedError
        return put(*arguments)

    monkeypatch.setattr(obstore, "put", unconditional)
    objects = Bucket(f"s3://{BUCKET}/{uuid4().hex}", server.endpoint)
    assert objects.create("once", b"1")
    assert not objects.create("once", b"2")
    assert objects.read("once") == b"1"


def test_a_bucket_that_is_not_there(server: BucketServer, credentials: None) -> None:
    objects = Bucket("s3://nowhere", server.endpoint)
    assert not objects.there()
    with pytest.raises(StoreUnavailable):
        objects.write("a", b"1")
    assert not Folder(Path("/nowhere")).there()


def test_a_folder_that_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Folder(tmp_path).takes() is None
    assert list(tmp_path.iterdir()) == []

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "no")

    monkeypatch.setattr("featurelens.jobs.atomic_file.write", refused)
    assert Folder(tmp_path).takes() == "the disk is read-only"
