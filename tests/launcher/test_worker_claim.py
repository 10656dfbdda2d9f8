"""An id belongs to one worker: a copied state folder is told, a worker that starts again is not kept waiting."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis import Redis

from featurelens.launcher import worker_claim
from featurelens.launcher.claim import Refused
from featurelens.launcher.worker_claim import EXPIRY, WorkerClaim

KEY = "featurelens:worker:0a1b2c3d"


def claim(broker: str, state: str) -> WorkerClaim:
    return WorkerClaim(broker, "0a1b2c3d", Path(state))


def test_a_copy_is_refused_until_the_other_has_left(broker: str, redis: Redis) -> None:
    first, copy = claim(broker, "/first"), claim(broker, "/copy")
    asyncio.run(first.take(print))
    asyncio.run(first.renew())
    assert 0 < redis.ttl(KEY) <= EXPIRY
    with pytest.raises(Refused, match=r"/copy is a copy of /first on .*, where a worker runs: remove worker.id"):
        asyncio.run(copy.take(print, patience=0))
    asyncio.run(copy.release())
    asyncio.run(first.release())
    asyncio.run(copy.take(print, patience=0))
    with pytest.raises(Refused):
        asyncio.run(first.renew())


def test_one_that_was_killed_starts_again_at_once(broker: str, redis: Redis) -> None:
    asyncio.run(claim(broker, "/first").take(print, patience=0))
    asyncio.run(claim(broker, "/first").take(print, patience=0))


def test_a_copy_of_the_same_name_on_another_machine(
    broker: str, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(claim(broker, "/state").take(print, patience=0))
    (tmp_path / "boot").write_text("another\n")
    monkeypatch.setattr(worker_claim, "_BOOT", tmp_path / "boot")
    with pytest.raises(Refused):
        asyncio.run(claim(broker, "/state").take(print, patience=0))


def test_a_place_that_was_left_without_a_word_is_waited_for(broker: str, redis: Redis) -> None:
    said: list[str] = []
    asyncio.run(claim(broker, "/first").take(said.append))
    redis.pexpire(KEY, 500)
    assert not said
    asyncio.run(claim(broker, "/moved").take(said.append, patience=20))
    assert len(said) == 1
