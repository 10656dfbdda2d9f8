"""The slot's part in previews: asks for one while somebody watches, and shows it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

from PIL import Image

from featurelens.jobs.queue.broker import LOST
from featurelens.jobs.queue.previews import INTERVAL, Previews
from featurelens.worker.protocol import Preview

_MODES = {1: "L", 3: "RGB"}


class PreviewRelay:
    """Of the picture `key`. `shown` is called with the step of each preview that can be looked at."""

    def __init__(self, previews: Previews, key: str, shown: Callable[[int], object]) -> None:
        self._previews = previews
        self._key = key
        self._shown = shown
        self._due = 0.0

    def wants_one(self) -> bool:
        """Looks into Redis twice a second at most; a broker that is away does without previews."""
        if time.monotonic() < self._due:
            return False
        self._due = time.monotonic() + INTERVAL
        try:
            return self._previews.watched(self._key)
        except LOST:
            return False

    def show(self, preview: Preview, pixels: bytes) -> None:
        image = Image.frombytes(_MODES[preview.channels], (preview.width, preview.height), pixels)
        file = io.BytesIO()
        image.save(file, "webp", quality=80, method=0)
        try:
            self._previews.put(self._key, file.getvalue())
            self._shown(preview.step)
        except LOST:
            return
