"""The networks kept warm: each loaded once however many ask for it, in a thread, so that lanes go on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from jobs.errors import ModelLoadFailed
from worker.engine.network import Network

KEPT = 4
"""Networks in memory at once; the one unused for longest goes first."""


class Networks:
    """`load` turns a canonical name into a network or raises `ModelLoadFailed`; `loaded` is called from the thread."""

    def __init__(self, load: Callable[[str], Network], loaded: Callable[[], None], kept: int = KEPT) -> None:
        self._load = load
        self._loaded = loaded
        self._kept = kept
        self._futures: dict[str, Future[Network]] = {}
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="load")

    def get(self, name: str, digest: str) -> Network | None:
        """The network, or None while it is being loaded. Raises `ModelLoadFailed`; the next `get` tries anew."""
        future = self._futures.pop(name, None)
        if future is None:
            future = self._pool.submit(self._load, name)
            future.add_done_callback(lambda _: self._loaded())
        self._futures[name] = future
        if not future.done():
            return None
        if future.exception() is not None:
            del self._futures[name]
        network = future.result()
        if network.digest != digest:
            del self._futures[name]
            raise ModelLoadFailed(f"the weights of {name} have changed since this picture was asked for; ask again")
        for idle in [known for known, kept in self._futures.items() if kept.done()][: -self._kept]:
            del self._futures[idle]
        return network

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
