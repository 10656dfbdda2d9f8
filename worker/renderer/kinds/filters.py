"""Filters: the weights of one unit, as numbers and as pictures."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from featurelens.engine.filters import reading
from featurelens.engine.network import Network
from featurelens.jobs.spec.filters import FiltersSpec
from featurelens.jobs.store.photos import PhotoReader
from featurelens.worker.protocol import Ask, Finished
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.filter_sheet import FilterSheet
from featurelens.worker.renderer.single_work import SingleWork, SingleWorks
from featurelens.worker.renderer.work import Work


class WeightsReading(SingleWork):
    """One unit of one network: one step in several ticks, so that others advance meanwhile. On the CPU, in float64."""

    def __init__(self, ask: Ask, network: Network, begun: float) -> None:
        super().__init__(ask, network, begun)
        spec = ask.spec
        assert isinstance(spec, FiltersSpec)
        assert spec.size is not None
        self._reading = reading(network, spec.layer, spec.channel, spec.size, spec.units)
        self._sheet: FilterSheet | None = None

    @property
    def step(self) -> int:
        return 0 if self._sheet is None else 1

    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        try:
            next(self._reading)
        except StopIteration as done:
            self._sheet = FilterSheet(done.value, self.network)
            self.leave()
            return [self]
        return []

    def finish(self) -> tuple[Finished, bytes]:
        assert self._sheet is not None
        return self._sheet.message(self.where())


class WeightsReadings(SingleWorks[WeightsReading]):
    """All readings of weights in one renderer."""

    def begin(self, ask: Ask, network: Network, begun: float) -> WeightsReading:
        """Everything happens in the ticks."""
        return self.add(WeightsReading(ask, network, begun))


def workshop(_device: Device, _photos: PhotoReader) -> WeightsReadings:
    """Weights are read on the CPU, and need no photographs."""
    return WeightsReadings()
