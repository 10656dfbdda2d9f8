"""The renderer's lanes: one for each combination of network, layers and size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.work import Identity

IDLE = 4
"""Idle lanes that are kept, because the next picture is often of the same layer."""

BATCH_PIXELS = {"cpu": 8 * 224 * 224, "cuda": 512 * 224 * 224}
"""Pixels through a network in one tick: a larger batch has a longer latency and no more throughput."""

SWEEP_PICTURES = {"cpu": 16, "cuda": 64}
"""Pictures of sweeps in the making at once (measured on two cores: docs/experiments/sweeps.md)."""

SINGLE_PICTURES = {"cpu": 1, "cuda": 12}
"""Of one lane, asked for one by one, before others go to another renderer (simulated: docs/experiments/routing.md)."""


class Lanes:
    """Opens a lane when it is first needed and closes the least recently used idle ones beyond `IDLE`."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._lanes: dict[tuple[str, str, tuple[str, ...], tuple[int, int]], Lane] = {}

    def __iter__(self) -> Iterator[Lane]:
        """The lanes that have pictures."""
        return iter([lane for lane in list(self._lanes.values()) if lane.optimizations])

    def get(self, network: Network, layers: tuple[str, ...], size: tuple[int, int]) -> Lane:
        """The lane of these, opened if need be. `size` is (height, width) in pixels."""
        key = (network.name, network.digest, layers, size)
        lane = self._lanes.pop(key, None)
        if lane is None:
            limit = max(1, BATCH_PIXELS[self.device.torch_device.type] // (size[0] * size[1]))
            lane = Lane(network, layers, size, dtype=self.device.dtype, device=self.device.torch_device, limit=limit)
        self._lanes[key] = lane
        for idle in [known for known, kept in self._lanes.items() if not kept.optimizations][:-IDLE]:
            del self._lanes[idle]
        return lane

    def close(self, networks: Iterable[Identity]) -> None:
        """Closes the idle lanes of `networks`, which hold copies of their weights."""
        gone = set(networks)
        for key in [key for key, lane in self._lanes.items() if key[:2] in gone and not lane.optimizations]:
            del self._lanes[key]
