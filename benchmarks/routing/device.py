"""What the simulation knows of a device: how long ticks take, and how many pictures it has in the making."""

from __future__ import annotations

from typing import NamedTuple

from featurelens.launcher.roles import SLOTS, SLOTS_ON_A_CARD
from featurelens.worker.renderer.lanes import BATCH_PIXELS, SWEEP_PICTURES

STEPS = 128
"""Of a picture, each of one row."""

OPENING = 0.28
"""Seconds until the first step of a lane that was not open (docs/experiments/sweeps.md: 150 and 130 ms)."""


class Device(NamedTuple):
    """Of all renderers alike. A tick of r rows takes `base + row * r` seconds."""

    name: str
    base: float
    row: float
    limit: int
    """Rows in a tick, at most, at 224x224."""
    singles: int
    """Pictures asked for one by one in the making at once."""
    sweeps: int
    """Pictures of sweeps in the making at once."""
    together: int
    """Pictures asked for alone that may come together before their lane spills (docs/experiments/routing.md)."""

    @property
    def full(self) -> int:
        """Rows of a tick that is full: no more than may be in the making."""
        return min(self.limit, self.sweeps)

    def tick(self, rows: int) -> float:
        """Seconds of one step of `rows` pictures of a lane."""
        return self.base + self.row * rows

    @property
    def best(self) -> float:
        """Seconds a picture takes where all ticks are full and of lanes that are open."""
        return STEPS * self.tick(self.full) / self.full


def _device(name: str, kind: str, base: float, row: float, singles: int, together: int) -> Device:
    return Device(name, base, row, BATCH_PIXELS[kind] // (224 * 224), singles, SWEEP_PICTURES[kind], together)


DEVICES = {
    "cpu": _device("two cores", "cpu", 0.0206, 0.0198, SLOTS, 1),
    "card": _device("H100", "cuda", 0.00526, 0.0000529, SLOTS_ON_A_CARD, SLOTS_ON_A_CARD // 2),
}
"""GoogLeNet up to inception4a, of straight lines through what was measured: two cores 40.4 ms for one row and 179 for
8 (docs/performance.md), an H100 5.7 ms for 8 rows and 8.6 for 64 (eager, each picture a row of the same tensors)."""
