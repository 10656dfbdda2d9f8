"""Photographs for jobs, each read once, in a thread: a shared disk or a bucket may take its time, and lanes go on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from featurelens.jobs.store.photos import Photos

KEPT_BYTES = 64 << 20
"""Of photographs that were asked for last, as PNG."""


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
        """The PNG. Raises `BeingRead` while it is read, then once what `Photos.get` raises."""
        future = self._futures.pop(digest, None)
        if future is None:
            future = self._pool.submit(self._photos.get, digest)
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

    def _make_room(self) -> None:
        done = [digest for digest, future in self._futures.items() if future.done() and not future.exception()]
        size = sum(len(self._futures[digest].result()) for digest in done)
        for digest in done[:-1]:
            if size <= KEPT_BYTES:
                return
            size -= len(self._futures.pop(digest).result())
