"""Photographs for jobs, each read once, in a thread: a shared disk or a bucket may take its time, and lanes go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from featurelens.jobs.errors import StoreUnavailable
from featurelens.jobs.logs import logger
from featurelens.jobs.store.photos import Photos

KEPT_BYTES = 64 << 20
"""Of photographs that were asked for last, as PNG."""

PAUSE = 1.0
"""Seconds until a store that does not answer is asked again."""


class BeingRead(Exception):
    """The photograph is not there yet: ask again."""


class Photographs:
    """Reads from `photos`; `read` is called from the thread when one has come."""

    def __init__(self, photos: Photos, read: Callable[[], None]) -> None:
        self._photos = photos
        self._read = read
        self._futures: dict[str, Future[bytes]] = {}
        """The most recently used is last."""
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="photograph")

    def get(self, digest: str) -> bytes:
        """The PNG. Raises `BeingRead` while it is read, then once what `Photos.get` raises.

        A store that is silent is asked again: what has been accepted waits for it.
        """
        future = self._futures.pop(digest, None)
        if future is None or (future.done() and isinstance(future.exception(), StoreUnavailable)):
            future = self._pool.submit(self._read_one, digest)
            future.add_done_callback(lambda _: self._read())
        if not future.done():
            self._futures[digest] = future
            raise BeingRead
        png = future.result()
        self._futures[digest] = future
        self._make_room()
        return png

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _read_one(self, digest: str) -> bytes:
        try:
            return self._photos.get(digest)
        except StoreUnavailable as silent:
            logger().warning("the store is waited for", photo=digest, reason=silent.detail)
            time.sleep(PAUSE)
            raise

    def _make_room(self) -> None:
        done = [digest for digest, future in self._futures.items() if future.done() and not future.exception()]
        size = sum(len(self._futures[digest].result()) for digest in done)
        for digest in done[:-1]:
            if size <= KEPT_BYTES:
                return
            size -= len(self._futures.pop(digest).result())
