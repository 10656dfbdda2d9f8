"""Reading images of a scan: all of them, or a part that another process puts together with others.

Parts begin where batches do, so that an image's row, and with it what it is answered with, follows from its number.
What is gathered of them merges to the same bits in any order (`engine.scan`): who reads which part does not show.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch

from featurelens.engine.network import Network
from featurelens.engine.scan import Accumulator, Reader
from featurelens.jobs.logs import logger
from featurelens.jobs.scan_rows import rows
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.worker.datasets.base import Images
from featurelens.worker.datasets.decoder import Decoder
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.renderer.course_work import PATIENCE, beside
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.scans.batches import Batch, Batches
from featurelens.worker.renderer.scans.checkpoints import Checkpoint, Checkpoints
from featurelens.worker.renderer.scans.ledger import Ledger
from featurelens.worker.renderer.scans.pulse import Pulse

CHECKPOINT_EVERY = 10.0
"""Seconds of work that are lost at most when the renderer dies; more, where writing one takes long."""

SELDOM = 20
"""Times as long as the last one took to be written goes by before the next one is."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Means:
    """What every scan of a renderer works with. `decoder` waits until it is there, which takes seconds at first."""

    device: Device
    shelf: Shelf
    checkpoints: Checkpoints
    thumbnails: bool
    decoder: Callable[[], Decoder]
    beside: Callable[[Callable[[], Any]], Future[Any]]
    """Does something in a thread."""
    ledger: Ledger | None = None
    """Where helpers find scans; None: nobody helps."""


def conditions(spec: ScanSpec, network: Network, device: Device) -> dict[str, Any]:
    """Under which the same images give the same bits."""
    assert spec.size is not None
    together = rows(network.parameters, spec.size, device.torch_device.type)
    return {"rows": together, **device.numbers(network)}


class Lost(Exception):
    """A part is no longer to be read here. Never leaves `scans.help`."""


class Reading:
    """Of the images in `part` of one scan; `steps` does a batch with each `next`. In the end a checkpoint has it all.

    `renew` is called about twice a second, with the image it has come to, in a thread; False: the part is lost.
    """

    def __init__(
        self,
        key: str,
        spec: ScanSpec,
        network: Network,
        means: Means,
        part: range | None = None,
        renew: Callable[[int], bool] = lambda _: True,
    ) -> None:
        assert spec.size is not None
        assert spec.images is not None
        self._key, self._spec, self._network, self._means = key, spec, network, means
        self._part, self._images = part, part or range(spec.images)
        device = means.device.torch_device
        self.reader = Reader(network, spec.layers or [], rows(network.parameters, spec.size, device.type), device)
        if self._images.start % self.reader.rows:
            raise ValueError(f"a part begins with a batch, at a multiple of {self.reader.rows}")
        self.done = self._images.start
        """All images before this one have been read, or are none of the part's."""
        self.kept = self.done
        """The same of the latest checkpoint."""
        self.broken: dict[int, str] = {}
        """Why images are left out, by their number."""
        self._conditions = conditions(spec, network, means.device)
        self._renew, self._renewed = renew, Pulse(means.beside, first=True)
        self._saved, self._pause = 0.0, CHECKPOINT_EVERY

    @property
    def read(self) -> int:
        """Images of the part that have been read."""
        return self.done - self._images.start

    def steps(self, images: Images, decoder: Decoder) -> Generator[None, None, Accumulator]:
        """Returns what was gathered. Each step takes a forward pass at most. Raises `Lost`."""
        checkpoint = yield from self._beside(self._kept)
        gathered = self._begin(checkpoint)
        self._saved = time.monotonic()
        yield
        yield from self._all(images, decoder, gathered)
        if self.kept < self.done:
            yield from self._keep(gathered)
        return gathered

    def _all(self, images: Images, decoder: Decoder, gathered: Accumulator) -> Iterator[None]:
        return self._read(images, decoder, gathered, self._images.stop)

    def _beat(self) -> int:
        """Shows, if it is time to, that it reads; returns before which image it has to stop by now."""
        self._renewed.beat(partial(self._renew, self.done))
        if not self._renewed.latest:
            raise Lost
        return self._images.stop

    def _beside(self, work: Callable[[], Result]) -> Generator[None, None, Result]:
        """As `beside`, and shows that it reads meanwhile."""
        under_way = beside(self._means.beside, work)
        while True:
            try:
                next(under_way)
            except StopIteration as end:
                returned: Result = end.value
                return returned
            self._beat()
            yield

    def _kept(self) -> Checkpoint | None:
        return self._means.checkpoints.read(self._key, self._conditions, self._part)

    def _begin(self, checkpoint: Checkpoint | None) -> Accumulator:
        """A pass of idle rows says how many units there are."""
        assert self._spec.size is not None
        self.reader(torch.zeros(self.reader.rows, self._network.preprocessing.channels, *self._spec.size))
        gathered = self._gathered(checkpoint)
        if checkpoint is not None:
            self.done, self.broken = checkpoint.done, dict(checkpoint.broken)
            self.kept = self.done
            logger().info("scan taken up again", key=self._key, images=self.done)
        return gathered

    def _gathered(self, checkpoint: Checkpoint | None) -> Accumulator:
        gathered = Accumulator(self.reader.rectified, self._spec.keep)
        if checkpoint is not None:
            gathered.restore(checkpoint.state)
        return gathered

    def _read(self, images: Images, decoder: Decoder, gathered: Accumulator, stop: int) -> Iterator[None]:
        assert self._spec.size is not None
        batches = Batches(images, decoder, self._network, self._spec.size, self.reader.rows, range(self.done, stop))
        try:
            while self.done < min(stop, self._beat()):
                batch = batches.next(PATIENCE)
                if batch is not None:
                    self._take(batch, images, gathered)
                    yield from self._keep_sometimes(gathered)
                yield
        finally:
            batches.close()

    def _keep_sometimes(self, gathered: Accumulator) -> Iterator[None]:
        if time.monotonic() - self._saved > self._pause:
            yield from self._keep(gathered)

    def _keep(self, gathered: Accumulator) -> Iterator[None]:
        """A bucket may take its time, and lanes go on."""
        begun = time.monotonic()
        yield from self._beside(partial(self._write, gathered))
        self.kept, self._saved = self.done, time.monotonic()
        self._pause = max(CHECKPOINT_EVERY, SELDOM * (self._saved - begun))

    def _write(self, gathered: Accumulator) -> None:
        kept = Checkpoint(self.done, gathered.state(), self.broken)
        self._means.checkpoints.write(self._key, kept, self._conditions, self._part)

    def _take(self, batch: Batch, images: Images, gathered: Accumulator) -> None:
        """Shows a batch to the network."""
        said = self.reader(batch.pictures)
        there, usable = batch.rows, said.usable()
        broken = dict(batch.broken)
        for row in there[~usable[there]].tolist():
            broken[batch.first + row] = "the network answers with numbers that are not finite"
        for image, reason in broken.items():
            logger().info("image left out", key=self._key, image=images.name(image), reason=reason)
        self.broken |= broken
        there = there[usable[there]]
        gathered.add(batch.first + there, said.of(there))
        self.done += batch.count
