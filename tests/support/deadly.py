"""References to images that do to the process that decodes them what a broken decoder does."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Grey:
    """A grey picture; `deadly`: its process is killed over it."""

    grey: int
    deadly: bool = False

    def open(self) -> Image.Image:
        if self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return Image.new("L", (8, 8), self.grey)


@dataclass(frozen=True)
class Slow(Grey):
    """One that takes a while."""

    def open(self) -> Image.Image:
        time.sleep(2)
        return super().open()
