"""Filters: the weights of one unit, as numbers and as pictures."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence

import torch

from featurelens.engine.filters import filters_of
from featurelens.engine.network import Network
from featurelens.jobs.spec.filters import FiltersSpec
from featurelens.jobs.store.photos import Photos
from featurelens.worker.protocol import Ask, Finished, Preview, Stage
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.filter_sheet import FilterSheet
from featurelens.worker.renderer.work import Identity, Work


class WeightsReading:
    """One unit of one network: a work that is its own group, because one tick does it. On the CPU, in float64."""

    stage: Stage = "reading"
    score: float | None = None
    rows = 1
    room = 1

    def __init__(self, ask: Ask, network: Network, begun: float) -> None:
        self.ask = ask
        self.network = network
        self.identity = self
        self.works: list[WeightsReading] = [self]
        self._begun = begun
        self._sheet: FilterSheet | None = None

    @property
    def step(self) -> int:
        return 0 if self._sheet is None else 1

    def preview(self) -> tuple[Preview, bytes] | None:
        return None

    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        spec = self.ask.spec
        assert isinstance(spec, FiltersSpec)
        assert spec.size is not None
        found = filters_of(self.network, spec.layer, spec.channel, spec.size, spec.units)
        self._sheet = FilterSheet(found, self.network)
        self.leave()
        return [self]

    def finish(self) -> tuple[Finished, bytes]:
        assert self._sheet is not None
        where = Device(torch.device("cpu"), torch.float32).numbers(self.network)
        seconds = round(time.monotonic() - self._begun, 3)
        return self._sheet.message({**where, "seconds": seconds})

    def leave(self) -> None:
        self.works = []


class WeightsReadings:
    """All readings of weights in one renderer."""

    def __init__(self) -> None:
        self._readings: list[WeightsReading] = []

    def begin(self, ask: Ask, network: Network, begun: float) -> WeightsReading:
        """Everything happens in the tick."""
        made = WeightsReading(ask, network, begun)
        self._readings.append(made)
        return made

    def groups(self) -> Iterable[WeightsReading]:
        self._readings = [one for one in self._readings if one.works]
        return list(self._readings)

    def release(self, networks: Iterable[Identity]) -> None:
        """Nothing is kept for a network."""


def workshop(_device: Device, _photos: Photos) -> WeightsReadings:
    """Weights are read on the CPU, and need no photographs."""
    return WeightsReadings()
