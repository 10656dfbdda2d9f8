"""All services on one broker sign and open tokens alike."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from redis import Redis

from featurelens.jobs.queue.broker import connect
from featurelens.jobs.store.last_used import COUNTS_FOR
from featurelens.service import shared_secret
from featurelens.service.auth.signed_urls import SignedUrls
from featurelens.service.shared_secret import TOKENS, SharedSecret


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_secret, "PAUSE", 0.0)


def service(folder: Path, redis: Redis, former_for: float = COUNTS_FOR) -> SignedUrls:
    """One that has just been started with this state folder."""
    return SignedUrls(SharedSecret(folder / "token.secret", redis, TOKENS, former_for))


def opens(urls: SignedUrls, token: str) -> bool:
    return urls.client(token, "fv1_0") == "me"


def test_what_one_signs_another_opens(redis: Redis, tmp_path: Path) -> None:
    """Both have a secret of their own from before."""
    for name in ("one", "other"):
        service(tmp_path / name, connect("redis://127.0.0.1:1")).issue("fv1_0", "me")
    one, other = service(tmp_path / "one", redis), service(tmp_path / "other", redis)
    first, _ = one.issue("fv1_0", "me")
    assert opens(other, first)
    assert opens(one, other.issue("fv1_0", "me")[0])
    assert not opens(other, first[:-1])
    files = [tmp_path / name / "token.secret" for name in ("one", "other")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_wiped_broker_is_told_again(redis: Redis, tmp_path: Path) -> None:
    one, other = service(tmp_path / "one", redis), service(tmp_path / "other", redis)
    token, _ = one.issue("fv1_0", "me")
    assert opens(other, token)
    redis.delete(TOKENS)
    assert opens(service(tmp_path / "other", redis), token), "it has it in its file"
    other.issue("fv1_0", "me")
    assert opens(service(tmp_path / "third", redis), token)


def test_an_operator_sets_another(redis: Redis, tmp_path: Path) -> None:
    """What was signed before is good until it ends by itself."""
    one, other = service(tmp_path / "one", redis), service(tmp_path / "other", redis)
    before, _ = one.issue("fv1_0", "me")
    assert opens(other, before)
    redis.set(TOKENS, "00" * 32)
    after, _ = other.issue("fv1_0", "me")
    assert opens(one, after)
    assert opens(one, before)
    assert opens(other, before)
    assert not opens(service(tmp_path / "one", redis), before), "a restart forgets the former"
    short = service(tmp_path / "other", redis, former_for=0.0)
    assert opens(short, after)
    redis.set(TOKENS, "11" * 32)
    assert not opens(short, one.issue("fv1_0", "me")[0][:-1])
    assert not opens(short, after)


@pytest.mark.parametrize("there", [None, "no secret", "", "00" * 15])
def test_without_a_broker_or_a_secret_there_each_has_its_own(redis: Redis, tmp_path: Path, there: str | None) -> None:
    """None: the broker is away."""
    redis.set(TOKENS, there or "")
    one = service(tmp_path, connect("redis://127.0.0.1:1") if there is None else redis)
    token, _ = one.issue("fv1_0", "me")
    assert opens(one, token)
    assert opens(service(tmp_path, redis), token)
