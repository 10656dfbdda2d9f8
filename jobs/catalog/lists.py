"""Lists of several workers, merged into one by whoever sees that all together have changed.

What is merged depends on the lists of the workers that live alone, so that it is the same whoever does it. Equal lists
are kept once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import cast

from redis import Redis, WatchError
from redis.client import Pipeline

EXPIRY = 60
"""Seconds a worker counts as alive after `Lists.touch`."""

_KEPT = 7 * 24 * 3600
"""Seconds that a list is kept which nobody tells any more."""

ByWorker = dict[str, dict[str, str]]
"""The entries of each list, as JSON, by name, by the id of the worker."""


class Lists:
    """Lists of `what`, as one word, and that of the worker with this id (empty: it has none)."""

    def __init__(self, redis: Redis, what: str, worker: str = "") -> None:
        self._redis = redis
        self._worker = worker
        self._lists = f"featurelens:catalog:lists:{what}"
        self._alive = f"featurelens:catalog:lists:{what}:alive:"
        self._content = f"featurelens:catalog:lists:{what}:content:"
        self._merged = f"featurelens:catalog:lists:{what}:merged"
        self._sure = False
        """Whether what is merged is certainly by this version: it has written it, or seen others do so."""

    def touch(self) -> None:
        """The worker lives. Call every 20 s or more often."""
        self._redis.set(self._alive + self._worker, b"1", ex=EXPIRY)

    def rest(self) -> None:
        """The worker ends: what it alone has is offered no more as soon as another one looks."""
        self._redis.delete(self._alive + self._worker)

    def own(self) -> dict[str, str]:
        """What the worker has told last."""
        digest = cast("bytes | None", self._redis.hget(self._lists, self._worker))
        return {} if digest is None else self._read(digest.decode())

    def having(self, name: str) -> list[str]:
        """The ids of the workers that live and have this entry, sorted."""
        return sorted(worker for worker, entries in self._all(self._living()).items() if name in entries)

    def publish(self, entries: Mapping[str, str], write: Callable[[Pipeline, ByWorker], None]) -> None:
        """Replaces the list of the worker. If all together are others now, `write` writes what they make, at once."""
        content = json.dumps(dict(sorted(entries.items())))
        digest = hashlib.sha256(content.encode()).hexdigest()
        self.touch()
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(self._content + digest, content, ex=_KEPT)
            pipe.hset(self._lists, self._worker, digest)
            pipe.execute()
        while not self._merge(write):
            continue

    def _merge(self, write: Callable[[Pipeline, ByWorker], None]) -> bool:
        """False: another worker has come between."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.watch(self._lists, self._merged)  # type: ignore[no-untyped-call]
            living = self._living()
            state = json.dumps(sorted(living.items())).encode()
            if self._sure and pipe.get(self._merged) == state:
                return True
            lists = self._all(living)
            known = cast("list[bytes]", pipe.hkeys(self._lists))
            gone = {worker.decode() for worker in known} - living.keys()
            pipe.multi()
            write(pipe, lists)
            if gone:
                pipe.hdel(self._lists, *gone)
            pipe.set(self._merged, state)
            try:
                pipe.execute()
            except WatchError:
                return False
            self._sure = True
            return True

    def _living(self) -> dict[str, str]:
        """The digest of the list of each worker that lives; whoever asks does."""
        raw = cast("dict[bytes, bytes]", self._redis.hgetall(self._lists))
        workers = sorted(worker.decode() for worker in raw)
        beats = self._redis.mget([self._alive + worker for worker in workers]) if workers else []
        return {
            worker: raw[worker.encode()].decode()
            for worker, beat in zip(workers, cast("list[bytes | None]", beats), strict=True)
            if beat is not None or worker == self._worker
        }

    def _all(self, living: Mapping[str, str]) -> ByWorker:
        contents = {digest: self._read(digest) for digest in set(living.values())}
        return {worker: contents[living[worker]] for worker in sorted(living)}

    def _read(self, digest: str) -> dict[str, str]:
        content = cast("bytes | None", self._redis.get(self._content + digest))
        return {} if content is None else cast("dict[str, str]", json.loads(content))
