"""Works that share no pass with others: each is its own group."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Generic, TypeVar

import torch

from featurelens.engine.network import Network
from featurelens.jobs.queue.speeds import LaneKind
from featurelens.worker.protocol import Ask, Finished, Preview, Stage
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.work import Identity, Work


class SingleWork(ABC):
    """One job and its group; it has no previews."""

    score: float | None = None
    rows = 1
    room = 1
    lane: LaneKind | None = None

    def __init__(self, ask: Ask, network: Network, begun: float) -> None:
        self.ask = ask
        self.network = network
        self.identity = self
        self.works: list[SingleWork] = [self]
        self._begun = begun

    @property
    def stage(self) -> Stage:
        return "reading"

    @property
    @abstractmethod
    def step(self) -> int:
        """As `Work`."""

    def preview(self) -> tuple[Preview, bytes] | None:
        return None

    @abstractmethod
    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        """As `Group`."""

    @abstractmethod
    def finish(self) -> tuple[Finished, bytes]:
        """As `Work`."""

    def leave(self) -> None:
        self.works = []

    @property
    def seconds(self) -> float:
        """Since the job arrived."""
        return round(time.monotonic() - self._begun, 3)

    def where(self) -> dict[str, Any]:
        """What decides the bits of what the untouched network said, which is read on the CPU; and the seconds."""
        return {**Device(torch.device("cpu"), torch.float32).numbers(self.network), "seconds": self.seconds}


Single = TypeVar("Single", bound=SingleWork)


class SingleWorks(Generic[Single]):
    """All of one kind on one device."""

    def __init__(self) -> None:
        self._works: list[Single] = []

    def add(self, work: Single) -> Single:
        self._works.append(work)
        return work

    def groups(self) -> Iterable[Single]:
        self._works = [one for one in self._works if one.works]
        return list(self._works)

    def release(self, networks: Iterable[Identity]) -> None:
        """Nothing is kept for a network."""
