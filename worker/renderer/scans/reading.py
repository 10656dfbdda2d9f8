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
from itertools import pairwise
from typing import Any

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

CHECKPOINT_EVERY = 10.0
"""Seconds of work that are lost at most when the renderer dies; more, where writing one takes more than a twentieth."""


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


def parts(images: int, together: int, count: int) -> list[range]:
    """The images in `count` parts that begin where batches of `together` do; fewer, where there are not as many."""
    batches = -(-images // together)
    ends = [together * (batches * number // count) for number in range(count)] + [images]
    return [range(first, stop) for first, stop in pairwise(ends) if first < stop]


class Reading:
    """Of the images of one scan, or of those in `part`; `steps` does a batch with each `next`.

    In the end a checkpoint has it all. Reading the whole skips parts of which the checkpoints are there.
    """

    def __init__(self, key: str, spec: ScanSpec, network: Network, means: Means, part: range | None = None) -> None:
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
        self.broken: dict[int, str] = {}
        """Why images are left out, by their number."""
        self._conditions = {"rows": self.reader.rows, **means.device.numbers(network)}

    def steps(self, images: Images, decoder: Decoder) -> Generator[None, None, Accumulator]:
        """Returns what was gathered. Each step takes a forward pass at most."""
        checkpoint = yield from beside(self._means.beside, self._kept)
        gathered = self._begin(checkpoint)
        yield
        refused: set[range] = set()
        while self.done < self._images.stop:
            parts = yield from beside(self._means.beside, self._parts)
            ahead = [one for one in parts if one.start >= self.done and one not in refused]
            nearest = min(ahead, key=lambda one: one.start, default=range(self._images.stop, self._images.stop))
            if nearest.start > self.done:
                yield from self._read(images, decoder, gathered, nearest.start)
            elif not (yield from beside(self._means.beside, partial(self._take_over, nearest, gathered))):
                refused.add(nearest)
            yield
        return gathered

    def _kept(self) -> Checkpoint | None:
        return self._means.checkpoints.read(self._key, self._conditions, self._part)

    def _parts(self) -> list[range]:
        """Those that others have read, or are reading; a part has none."""
        return [] if self._part else self._means.checkpoints.parts(self._key)

    def _begin(self, checkpoint: Checkpoint | None) -> Accumulator:
        """A pass of idle rows says how many units there are."""
        assert self._spec.size is not None
        self.reader(torch.zeros(self.reader.rows, self._network.preprocessing.channels, *self._spec.size))
        gathered = self._gathered(checkpoint)
        if checkpoint is not None:
            self.done, self.broken = checkpoint.done, dict(checkpoint.broken)
            logger().info("scan taken up again", key=self._key, images=self.done)
        return gathered

    def _gathered(self, checkpoint: Checkpoint | None) -> Accumulator:
        gathered = Accumulator(self.reader.rectified, self._spec.keep)
        if checkpoint is not None:
            gathered.restore(checkpoint.state)
        return gathered

    def _take_over(self, part: range, gathered: Accumulator) -> bool:
        """False: it is not whole, or was read under other conditions."""
        kept = self._means.checkpoints.read(self._key, self._conditions, part)
        if kept is None or kept.done != part.stop:
            return False
        gathered.merge(self._gathered(kept))
        self.done = kept.done
        self.broken |= kept.broken
        self._keep(gathered)
        return True

    def _read(self, images: Images, decoder: Decoder, gathered: Accumulator, stop: int) -> Iterator[None]:
        assert self._spec.size is not None
        batches = Batches(images, decoder, self._network, self._spec.size, self.reader.rows, range(self.done, stop))
        saved, pause = time.monotonic(), CHECKPOINT_EVERY
        try:
            while self.done < stop:
                batch = batches.next(PATIENCE)
                if batch is not None:
                    self._take(batch, images, gathered)
                    begun = time.monotonic()
                    if self.done == stop or begun - saved > pause:
                        self._keep(gathered)
                        saved = time.monotonic()
                        pause = max(CHECKPOINT_EVERY, 20 * (saved - begun))
                yield
        finally:
            batches.close()

    def _keep(self, gathered: Accumulator) -> None:
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
