"""Scans: forward passes over all images of a data set, a batch a tick."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import torch

from featurelens.engine.network import Network
from featurelens.jobs.queue.broker import connect
from featurelens.jobs.settings import settings
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.open_store import open_checkpoints
from featurelens.jobs.store.photos import PhotoReader
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.datasets.warm_decoder import WarmDecoder
from featurelens.worker.protocol import Ask, Finished, Stage
from featurelens.worker.renderer.course_work import CourseWork
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.scans.checkpoints import Checkpoints
from featurelens.worker.renderer.scans.course import Course
from featurelens.worker.renderer.scans.help import Help
from featurelens.worker.renderer.scans.ledger import Ledger
from featurelens.worker.renderer.scans.reading import Means
from featurelens.worker.renderer.scans.sharing import Whole
from featurelens.worker.renderer.single_work import SingleWorks


class ScanWork(CourseWork):
    """One scan."""

    def __init__(self, ask: Ask, network: Network, course: Course, begun: float) -> None:
        super().__init__(ask, network, course.steps(), begun)
        self._course = course

    @property
    def stage(self) -> Stage:
        return self._course.stage

    @property
    def step(self) -> int:
        return self._course.done

    def finish(self) -> tuple[Finished, bytes]:
        assert self._course.outcome is not None
        numbers, files = self._course.outcome
        self._course.finished()
        message = Finished(numbers={**numbers, "seconds": self.seconds}, files=[head for head, _ in files])
        return message, b"".join(content for _, content in files)


class HelpWork(CourseWork):
    """Pieces of a scan for another renderer: there is no result."""

    def __init__(self, ask: Ask, network: Network, course: Help, begun: float) -> None:
        super().__init__(ask, network, course.steps(), begun)
        self._course = course

    @property
    def step(self) -> int:
        return self._course.read

    def finish(self) -> tuple[Finished, bytes]:
        return Finished(numbers={"read": self._course.read}), b""


class Scans(SingleWorks[ScanWork | HelpWork]):
    """All scans of one device. The processes that decode are there as long as there is a scan."""

    def __init__(
        self, device: Device, shelf: Shelf, checkpoints: Checkpoints, thumbnails: bool, ledger: Ledger | None = None
    ) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(4, "scan")
        self._decoder = WarmDecoder()
        # Numbers are read in float32, whatever pictures are made in.
        exact = Device(device.torch_device, torch.float32)
        self._means = Means(exact, shelf, checkpoints, thumbnails, self._decoder.get, self._threads.submit, ledger)

    def begin(self, ask: Ask, network: Network, begun: float) -> ScanWork | HelpWork:
        """Everything else happens in ticks."""
        assert isinstance(ask.spec, ScanSpec)
        if ask.help:
            return self.add(HelpWork(ask, network, Help(ask.key, ask.spec, network, self._means), begun))
        self._threads.submit(self._means.checkpoints.sweep)
        offer = ask.model_copy(update={"help": True, "trace": ""}).model_dump_json()
        whole = Whole(self._means.ledger, ask.key, offer)
        return self.add(ScanWork(ask, network, Course(ask.key, ask.spec, network, self._means, whole), begun))

    def groups(self) -> Iterable[ScanWork | HelpWork]:
        working = super().groups()
        if not self._works:
            self._decoder.let_go()
        return working


def workshop(device: Device, photos: PhotoReader) -> Scans:
    """The workshop of `device`; data sets and checkpoints are where the settings say."""
    chosen = settings()
    ledger = None if chosen.redis_url is None else Ledger(connect(chosen.redis_url))
    return Scans(device, Shelf.of(chosen), Checkpoints(open_checkpoints(chosen)), chosen.dataset_crops, ledger)
