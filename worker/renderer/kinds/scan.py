"""Scans: forward passes over all images of a data set, a batch a tick."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import torch

from featurelens.engine.network import Network
from featurelens.jobs.settings import settings
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.photos import Photos
from featurelens.worker.datasets.decoder import Decoder
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.protocol import Ask, Finished, Stage
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.scans.checkpoints import Checkpoints
from featurelens.worker.renderer.scans.course import Course, Means
from featurelens.worker.renderer.single_work import SingleWork, SingleWorks
from featurelens.worker.renderer.work import Work


class ScanWork(SingleWork):
    """One scan."""

    def __init__(self, ask: Ask, network: Network, course: Course, begun: float) -> None:
        super().__init__(ask, network, begun)
        self._course = course
        self._steps = course.steps()

    @property
    def stage(self) -> Stage:
        return self._course.stage

    @property
    def step(self) -> int:
        return self._course.done

    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        try:
            next(self._steps)
        except StopIteration:
            self.leave()
            return [self]
        return []

    def finish(self) -> tuple[Finished, bytes]:
        assert self._course.outcome is not None
        numbers, files = self._course.outcome
        self._course.finished()
        message = Finished(numbers={**numbers, "seconds": self.seconds}, files=[head for head, _ in files])
        return message, b"".join(content for _, content in files)

    def leave(self) -> None:
        self._steps.close()
        super().leave()


class Scans(SingleWorks[ScanWork]):
    """All scans of one device. The processes that decode are there as long as there is a scan."""

    def __init__(self, device: Device, shelf: Shelf, checkpoints: Checkpoints, thumbnails: bool) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(2, "scan")
        self._decoder: Decoder | None = None
        self._lock = Lock()
        # Numbers are read in float32, whatever pictures are made in.
        exact = Device(device.torch_device, torch.float32)
        self._means = Means(exact, shelf, checkpoints, thumbnails, self._warm_decoder, self._threads.submit)

    def begin(self, ask: Ask, network: Network, begun: float) -> ScanWork:
        """Everything else happens in ticks."""
        assert isinstance(ask.spec, ScanSpec)
        self._threads.submit(self._means.checkpoints.sweep)
        return self.add(ScanWork(ask, network, Course(ask.key, ask.spec, network, self._means), begun))

    def groups(self) -> Iterable[ScanWork]:
        working = super().groups()
        if not self._works:
            self._let_go()
        return working

    def _warm_decoder(self) -> Decoder:
        with self._lock:
            if self._decoder is None:
                made = Decoder()
                made.warm_up()
                self._decoder = made
            return self._decoder

    def _let_go(self) -> None:
        # Whoever holds the lock is making one, for a scan that was given up meanwhile: the next turn ends it.
        if self._decoder is not None and self._lock.acquire(blocking=False):
            self._decoder.close()
            self._decoder = None
            self._lock.release()


def workshop(device: Device, photos: Photos) -> Scans:
    """The workshop of `device`; data sets and checkpoints are where the settings say."""
    chosen = settings()
    return Scans(device, Shelf(chosen.datasets), Checkpoints(chosen.scans_folder), chosen.dataset_crops)
