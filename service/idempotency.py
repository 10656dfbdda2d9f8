"""`Idempotency-Key`: a POST that is sent again, because its answer got lost, counts once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, cast

from fastapi import Header
from redis import Redis

from featurelens.jobs.errors import BeingAsked, KeyReused

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="of your making, new for each request: with the same one again, it is answered and counts once",
        examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ),
]

EXPIRY = 24 * 3600
"""Seconds within which a request counts as sent again."""

_UNDER_WAY = 60
"""Seconds after which one that was never answered may be sent again: its process has died."""


class Attempt:
    """One request with a key. `made` is what came of it, None the first time; whoever makes it sets it."""

    def __init__(self, made: str | None = None) -> None:
        self.made = made


class Retries:
    """Remembers what came of each key of each client."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @contextmanager
    def once(self, client: str, token: str | None, request: str) -> Iterator[Attempt]:
        """The block acts if nothing was `made` before, or there is no key (`token`); if it raises, nothing was made.

        `request` says what is asked for. Raises `KeyReused` when the key came with another request, `BeingAsked` while
        the first is still under way.
        """
        if token is None:
            yield Attempt()
            return
        name, asked = _name(client, token), hashlib.sha256(request.encode()).hexdigest()
        attempt = Attempt(self._claimed(name, asked))
        if attempt.made is not None:
            yield attempt
            return
        try:
            yield attempt
        except BaseException:
            self._redis.delete(name)
            raise
        self._redis.set(name, f"{asked} {attempt.made or ''}", ex=EXPIRY)

    def answered(self, client: str, token: str | None) -> bool:
        """Whether this key has been answered, so that the request costs nothing again."""
        return token is not None and not self._read(_name(client, token)).endswith(" ")

    def _claimed(self, name: str, asked: str) -> str | None:
        """None when the key was new, and is ours now."""
        while not self._redis.set(name, f"{asked} ", nx=True, ex=_UNDER_WAY):
            before, _, made = self._read(name).partition(" ")
            if before and before != asked:
                raise KeyReused("this Idempotency-Key came with another request; make a new one for each")
            if made:
                return made
            if before:
                raise BeingAsked("the request with this Idempotency-Key is still being answered; ask again in a moment")
        return None

    def _read(self, name: str) -> str:
        return (cast("bytes | None", self._redis.get(name)) or b" ").decode()


def _name(client: str, token: str) -> str:
    return f"featurelens:idempotency:{hashlib.sha256(f'{client} {token}'.encode()).hexdigest()}"
