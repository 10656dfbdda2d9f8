"""Visualizations: pictures made by optimization, in lanes."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence

from featurelens.engine.lane import Lane
from featurelens.engine.memory import out_of_memory
from featurelens.engine.network import Network
from featurelens.engine.optimization import Optimization
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.queue.speeds import LaneKind
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.photos import PhotoReader
from featurelens.worker.protocol import Ask, Finished, Preview, Stage
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.lanes import Lanes
from featurelens.worker.renderer.preview import preview
from featurelens.worker.renderer.recipes import recipe
from featurelens.worker.renderer.response import Response
from featurelens.worker.renderer.work import Identity, Work


class OptimizationWork:
    """One optimization in its lane: a picture, or several that are made together."""

    stage: Stage = "rendering"

    def __init__(self, ask: Ask, lane: Lane, optimization: Optimization, begun: float) -> None:
        self.ask = ask
        self.lane = lane
        self.optimization = optimization
        self._begun = begun

    @property
    def step(self) -> int:
        return self.optimization.step

    @property
    def score(self) -> float | None:
        return self.optimization.score

    @property
    def rows(self) -> int:
        return self.optimization.rows

    def preview(self) -> tuple[Preview, bytes] | None:
        return preview(self.lane, self.optimization) if self.step else None

    def finish(self) -> tuple[Finished, bytes]:
        failure = self.optimization.failure
        if failure is not None and out_of_memory(failure):
            detail = "the device has too little memory for this picture, even row by row; try a smaller size"
            raise RenderFailed(detail) from failure
        if failure is not None:
            raise failure
        result = self.lane.result(self.optimization)
        response = Response(_spec(self.ask), result, self.step, time.monotonic() - self._begun)
        return response.message(self.lane.network, Device(self.lane.device, self.lane.dtype))

    def leave(self) -> None:
        if self.optimization in self.lane.optimizations:
            self.lane.leave(self.optimization)


class LaneGroup:
    """The works of one lane."""

    def __init__(self, lane: Lane, works: Sequence[OptimizationWork]) -> None:
        self.works = works
        self.identity = lane
        self.network = lane.network
        self.room = lane.limit
        self.lane = LaneKind(lane.network.digest, tuple(sorted({*lane.layers})), lane.size)
        self._lane = lane

    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        mine = {work.optimization: work for work in self.works if work in chosen}
        ended = [mine[optimization] for optimization in self._lane.tick(list(mine))]
        self.works = [work for work in self.works if work not in ended]
        return ended


class Visualizations:
    """All optimizations of one device."""

    def __init__(self, device: Device, photos: PhotoReader) -> None:
        self._photos = photos
        self._lanes = Lanes(device)
        self._works: dict[Optimization, OptimizationWork] = {}

    def begin(self, ask: Ask, network: Network, begun: float) -> OptimizationWork:
        """Joins the lane of its network, layers and size."""
        wanted = recipe(_spec(ask), network, self._photos.get)
        lane = self._lanes.get(network, wanted.objective.layers, wanted.size)
        work = OptimizationWork(ask, lane, lane.join(wanted), begun)
        self._works[work.optimization] = work
        return work

    def groups(self) -> Iterable[LaneGroup]:
        lanes = list(self._lanes)
        here = {optimization for lane in lanes for optimization in lane.optimizations}
        self._works = {optimization: work for optimization, work in self._works.items() if optimization in here}
        return [LaneGroup(lane, [self._works[optimization] for optimization in lane.optimizations]) for lane in lanes]

    def release(self, networks: Iterable[Identity]) -> None:
        self._lanes.close(networks)


def workshop(device: Device, photos: PhotoReader) -> Visualizations:
    """The workshop of `device`; objectives read their photographs from `photos`."""
    return Visualizations(device, photos)


def _spec(ask: Ask) -> VisualizationSpec:
    assert isinstance(ask.spec, VisualizationSpec)
    return ask.spec
