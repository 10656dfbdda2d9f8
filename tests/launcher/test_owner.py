"""A queue belongs to one store: whoever has it joins, anybody else is told whose it is."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import cast

import pytest
from redis import Redis

from featurelens.jobs.settings import Settings
from featurelens.jobs.store.identity import Identity
from featurelens.launcher.claim import Refused
from featurelens.launcher.owner import EXPIRY, Owner
from featurelens.launcher.store import Silent, find_store, is_gone
from tests.support.bucket import BUCKET, CREDENTIALS, BucketServer
from tests.support.launched import launched

KEY = "featurelens:owner"
HOLDERS = f"{KEY}:holders"
MINE, OTHER = Identity("1" * 32, "/mnt/mine"), Identity("2" * 32, "s3://other/x")


def claim(broker: str, store: Identity, former: str | None = None) -> Owner:
    owner = Owner(broker, store, former)
    asyncio.run(owner.claim())
    return owner


def held(redis: Redis) -> str:
    return cast("bytes", redis.get(KEY)).decode()


def test_all_of_one_store_join(broker: str, redis: Redis) -> None:
    """It is free when the last of them has left, or when none has renewed it."""
    first, second = claim(broker, MINE), claim(broker, MINE)
    with pytest.raises(Refused, match=r"belongs to the store /mnt/mine, and this one is s3://other/x"):
        claim(broker, OTHER)
    asyncio.run(first.release())
    asyncio.run(first.release())
    with pytest.raises(Refused):
        claim(broker, OTHER)
    asyncio.run(second.release())
    other = claim(broker, OTHER)
    asyncio.run(second.release())
    with pytest.raises(Refused):
        claim(broker, MINE)
    assert 0 < redis.ttl(KEY) <= EXPIRY
    redis.delete(KEY)  # as it would expire
    claim(broker, MINE)
    asyncio.run(other.release())
    with pytest.raises(Refused):
        asyncio.run(other.claim())


def test_one_that_was_killed_is_not_waited_for_after_its_time(broker: str, redis: Redis) -> None:
    claim(broker, MINE)
    left = claim(broker, MINE)
    for holder in cast("list[bytes]", redis.zrange(HOLDERS, 0, -1)):
        redis.zincrby(HOLDERS, -2 * EXPIRY, holder.decode())
    asyncio.run(left.claim())
    with pytest.raises(Refused):
        claim(broker, OTHER)
    asyncio.run(left.release())
    claim(broker, OTHER)


def test_a_worker_of_a_version_before(broker: str, redis: Redis) -> None:
    """It holds the queue by the id of its state folder, which is that store's where nothing is shared."""
    redis.set(KEY, f"{MINE.id} /state on host", ex=EXPIRY)
    claim(broker, MINE)
    assert held(redis).startswith(MINE.id)
    redis.set(KEY, f"{OTHER.id} /state on host", ex=EXPIRY)
    with pytest.raises(Refused, match=r"belongs to the store /state on host"):
        claim(broker, MINE)
    service = claim(broker, MINE, former=OTHER.id)
    assert held(redis) == f"{OTHER.id} /state on host", "it keeps the queue"
    redis.delete(KEY)
    asyncio.run(service.claim())
    claim(broker, MINE)
    redis.delete(KEY)
    claim(broker, OTHER)
    with pytest.raises(Refused, match="belongs to the store"):
        asyncio.run(service.claim())


@pytest.mark.parametrize("parts", ["all", "service"])
def test_another_store_is_refused_in_one_line(broker: str, redis: Redis, tmp_path: Path, parts: str) -> None:
    """Whose queue it is and what to do; the owner is not disturbed."""
    owner = claim(broker, MINE)
    answer = launched(tmp_path / "other", parts, REDIS_URL=broker)
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert MINE.where in line
    assert str(tmp_path / "other") in line
    assert "another database" in line
    asyncio.run(owner.claim())


def test_a_store_that_cannot_be_used(broker: str, redis: Redis, tmp_path: Path) -> None:
    """One line, nothing started, nothing taken."""
    claim(broker, OTHER)
    (tmp_path / "shared").mkdir()
    with BucketServer() as server:
        more = CREDENTIALS | {"FEATURELENS_RESULTS_ENDPOINT": server.endpoint, "REDIS_URL": broker}
        for named, reason in {
            "s3://nowhere/x": "there is no bucket as in FEATURELENS_RESULTS=s3://nowhere/x",
            str(tmp_path / "none"): f"there is no folder as in FEATURELENS_RESULTS={tmp_path / 'none'}",
            f"s3://{BUCKET}/x": f"belongs to the store s3://other/x, and this one is s3://{BUCKET}/x",
            str(tmp_path / "shared"): f"belongs to the store s3://other/x, and this one is {tmp_path / 'shared'}",
        }.items():
            answer = launched(tmp_path / "state", "worker", FEATURELENS_RESULTS=named, **more)
            assert answer.returncode == 2
            (line,) = answer.stderr.splitlines()
            assert reason in line
    assert held(redis).startswith(OTHER.id)


def test_a_bucket_that_is_silent_may_yet_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is asked again; whatever the exit status was, the id counts."""
    named = {"FEATURELENS_RESULTS": f"s3://{BUCKET}/x", "FEATURELENS_RESULTS_ENDPOINT": "http://127.0.0.1:1"}
    for name, value in (CREDENTIALS | named).items():
        monkeypatch.setenv(name, value)
    options = Settings(state=tmp_path)
    with pytest.raises(Silent, match="does not answer"):
        find_store(options, "worker")
    done = subprocess.CompletedProcess((), -9, stdout="store 123\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert find_store(options, "worker") == Identity("123", f"s3://{BUCKET}/x")
    done.stdout = ""
    with pytest.raises(Silent):
        find_store(options, "worker")


def test_a_shared_folder_that_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored then would lie below the place where it was."""
    monkeypatch.setenv("FEATURELENS_RESULTS", str(tmp_path / "shared"))
    options = Settings(state=tmp_path / "state")
    with pytest.raises(Refused, match="there is no folder"):
        find_store(options, "worker")
    (tmp_path / "shared").mkdir()
    store = find_store(options, "worker")
    assert not is_gone(options, store)
    (tmp_path / "shared").rename(tmp_path / "elsewhere")
    assert is_gone(options, store)
    (tmp_path / "shared").mkdir()
    assert is_gone(options, store)
    alone = Settings(state=tmp_path / "state", results=None)
    store = find_store(alone, "worker")
    assert not is_gone(alone, store)
    (tmp_path / "state").rename(tmp_path / "former")
    assert is_gone(alone, store)
    assert find_store(alone, "worker").id != store.id
