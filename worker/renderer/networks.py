"""The networks in memory: each loaded once, in a thread, so that lanes continue meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from featurelens.engine.network import Network
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.models.sources.download_progress import Downloaded, told_to

Identity = tuple[str, str]
"""Canonical name and digest."""


class Networks:
    """`load` turns a canonical name into a network or raises `ModelLoadFailed`; `loaded` is called from the thread.

    `budget` is the number of bytes that the weights of all networks together may take.
    """

    def __init__(self, load: Callable[[str], Network], loaded: Callable[[], None], budget: int) -> None:
        self._load = load
        self._loaded = loaded
        self._budget = budget
        self._futures: dict[Identity, Future[Network]] = {}
        """The most recently used is last."""
        self._downloads: dict[Identity, Downloaded] = {}
        """Written by the threads that load."""
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="load")

    def get(self, name: str, digest: str) -> Network | None:
        """The network, or None while it is being loaded. Raises `ModelLoadFailed` in every call until `settle`."""
        future = self._futures.pop((name, digest), None)
        if future is None:
            future = self._pool.submit(self._loaded_as, name, digest)
            future.add_done_callback(lambda _: self._loaded())
        self._futures[name, digest] = future
        return future.result() if future.done() else None

    def downloaded(self, name: str, digest: str) -> Downloaded | None:
        """How much of its weights has come; None where nothing is being downloaded, or all of it is there."""
        known = self._downloads.get((name, digest))
        return None if known is None or known.bytes == known.of else known

    def load(self, name: str, digest: str) -> Network:
        """The network, waited for. Raises `ModelLoadFailed`."""
        self.get(name, digest)
        return self._futures[name, digest].result()

    def settle(self, busy: Collection[Identity]) -> list[Identity]:
        """Forgets failures, so that these networks are loaded anew; call it when every waiting job has called `get`.

        Releases the least recently used networks until the others fit the budget, but none in `busy` and not the most
        recently used one. Returns those released.
        """
        self._futures = {
            identity: future
            for identity, future in self._futures.items()
            if not future.done() or future.exception() is None
        }
        sizes = {identity: future.result().bytes for identity, future in self._futures.items() if future.done()}
        gone: list[Identity] = []
        for identity in list(sizes):
            if sum(sizes.values()) <= self._budget:
                break
            if identity not in busy and identity != next(reversed(self._futures)):
                del self._futures[identity], sizes[identity]
                gone.append(identity)
        return gone

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _loaded_as(self, name: str, digest: str) -> Network:
        try:
            with told_to(partial(self._downloads.__setitem__, (name, digest))):
                network = self._load(name)
        finally:
            self._downloads.pop((name, digest), None)
        if network.digest != digest:
            raise ModelLoadFailed(f"the weights of {name} have changed since this was asked for; ask again")
        return network
