"""Previews on their way from the renderer to Redis, while a client watches."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

from PIL import Image
from redis import RedisError

from featurelens.jobs.queue.previews import INTERVAL, Previews
from featurelens.worker.protocol import Preview

_MODES = {1: "L", 3: "RGB"}


class PreviewRelay:
    """Relays previews of job `key`. `shown` is called with the step of each preview that is stored."""

    def __init__(self, previews: Previews, key: str, shown: Callable[[int], object]) -> None:
        self._previews = previews
        self._key = key
        self._shown = shown
        self._due = 0.0

    def wants_one(self) -> bool:
        """Whether a preview is due: reads Redis every `INTERVAL` at most; False while the broker is away."""
        if time.monotonic() < self._due:
            return False
        self._due = time.monotonic() + INTERVAL
        try:
            return self._previews.watched(self._key)
        except RedisError:
            return False

    def show(self, preview: Preview, pixels: bytes) -> None:
        """Stores the preview as WebP; it is dropped while the broker is away."""
        image = Image.frombytes(_MODES[preview.channels], (preview.width, preview.height), pixels)
        file = io.BytesIO()
        image.save(file, "webp", quality=80, method=0)
        try:
            self._previews.put(self._key, file.getvalue())
            self._shown(preview.step)
        except RedisError:
            return
