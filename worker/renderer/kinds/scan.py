"""Scans: forward passes over all images of a data set, a batch a tick."""

from __future__ import annotations

import time
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
from featurelens.worker.protocol import Ask, Finished, Preview, Stage
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.scans.checkpoints import Checkpoints
from featurelens.worker.renderer.scans.course import Course, Means
from featurelens.worker.renderer.work import Identity, Work


class ScanWork:
    """One scan: a work that is its own group."""

    score: float | None = None
    rows = 1
    room = 1

    def __init__(self, ask: Ask, network: Network, course: Course, begun: float) -> None:
        self.ask = ask
        self.network = network
        self.identity = self
        self.works: list[ScanWork] = [self]
        self._course = course
        self._steps = course.steps()
        self._begun = begun

    @property
    def stage(self) -> Stage:
        return self._course.stage

    @property
    def step(self) -> int:
        return self._course.done

    def preview(self) -> tuple[Preview, bytes] | None:
        return None

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
        seconds = round(time.monotonic() - self._begun, 3)
        message = Finished(numbers={**numbers, "seconds": seconds}, files=[head for head, _ in files])
        return message, b"".join(content for _, content in files)

    def leave(self) -> None:
        self._steps.close()
        self.works = []


class Scans:
    """All scans of one device. The processes that decode are there as long as there is a scan."""

    def __init__(self, device: Device, shelf: Shelf, checkpoints: Checkpoints, thumbnails: bool) -> None:
        self._threads = ThreadPoolExecutor(2, "scan")
        self._decoder: Decoder | None = None
        self._lock = Lock()
        # Numbers are read in float32, whatever pictures are made in.
        exact = Device(device.torch_device, torch.float32)
        self._means = Means(exact, shelf, checkpoints, thumbnails, self._warm_decoder, self._threads.submit)
        self._works: list[ScanWork] = []

    def begin(self, ask: Ask, network: Network, begun: float) -> ScanWork:
        """Everything else happens in ticks."""
        assert isinstance(ask.spec, ScanSpec)
        self._threads.submit(self._means.checkpoints.sweep)
        work = ScanWork(ask, network, Course(ask.key, ask.spec, network, self._means), begun)
        self._works.append(work)
        return work

    def groups(self) -> Iterable[ScanWork]:
        self._works = [one for one in self._works if one.works]
        if not self._works:
            self._let_go()
        return list(self._works)

    def release(self, networks: Iterable[Identity]) -> None:
        """Nothing is kept for a network."""

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
