"""The processes that decode images, there as long as somebody needs them."""

from __future__ import annotations

from threading import Lock

from featurelens.worker.datasets.decoder import Decoder


class WarmDecoder:
    """Starts one `Decoder` when it is first asked for, which takes seconds, and again after it was let go."""

    def __init__(self) -> None:
        self._decoder: Decoder | None = None
        self._lock = Lock()

    def get(self) -> Decoder:
        """Waits until it is there; from any thread."""
        with self._lock:
            if self._decoder is None:
                made = Decoder()
                made.warm_up()
                self._decoder = made
            return self._decoder

    def let_go(self) -> None:
        """Ends it. Never waits: whoever is making one meanwhile makes it for nobody, and the next call ends that."""
        if self._decoder is not None and self._lock.acquire(blocking=False):
            self._decoder.close()
            self._decoder = None
            self._lock.release()
