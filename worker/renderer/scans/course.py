"""The course of one scan, from opening the data set to the files of its result, in small steps.

What takes long and is no forward pass is done beside the renderer's loop: in a thread, or in the processes that decode.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from featurelens.engine.network import Network
from featurelens.engine.scan import Accumulator, Reader
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.logs import logger
from featurelens.jobs.scan_rows import rows
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.pack import THUMBNAILS, UNITS, packed
from featurelens.worker.datasets.base import Images
from featurelens.worker.datasets.decoder import Decoder
from featurelens.worker.datasets.decoding import Broken, thumbnail, thumbnail_size
from featurelens.worker.datasets.shelf import Shelf
from featurelens.worker.protocol import FileHead, Stage
from featurelens.worker.renderer.course_work import PATIENCE, beside
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.scans.batches import Batch, Batches
from featurelens.worker.renderer.scans.checkpoints import Checkpoint, Checkpoints
from featurelens.worker.renderer.scans.examples import chosen, described

CHECKPOINT_EVERY = 10.0
"""Seconds of work that are lost at most when the renderer dies; more, where writing one takes more than a twentieth."""
SELDOM = 20
"""A checkpoint is followed by a pause at least this many times as long as it took to write."""
THUMBNAIL = 224
"""Pixels of the longer side."""
_MEDIA = {"parquet": "application/vnd.apache.parquet", "jsonl": "application/jsonl"}
_TOGETHER = 512
"""Units that are tabulated at once."""
_TOLD = 100
"""Broken images that the result lists."""


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


class Outcome(NamedTuple):
    """The numbers and the files of a result."""

    numbers: dict[str, Any]
    files: list[tuple[FileHead, bytes]]


class Course:
    """One scan; `steps` does a part of it with each `next`, and `outcome` is there when it ends."""

    def __init__(self, key: str, spec: ScanSpec, network: Network, means: Means) -> None:
        assert spec.size is not None
        assert spec.identity is not None
        self.stage: Stage = "reading"
        self.done = 0
        self.outcome: Outcome | None = None
        self._key, self._spec, self._network, self._means = key, spec, network, means
        self._size, self._identity = spec.size, spec.identity
        device = means.device.torch_device
        together = rows(network.parameters, spec.size, device.type)
        self._reader = Reader(network, spec.layers or [], together, device)
        self._broken: dict[int, str] = {}
        self._conditions = {"rows": self._reader.rows, **means.device.numbers(network)}

    def steps(self) -> Generator[None, None, None]:
        """Each takes a forward pass at most. Raises `RenderFailed`, or what the network raises."""
        images, decoder, checkpoint = yield from beside(self._means.beside, self._prepare)
        gathered = self._begin(checkpoint)
        yield
        yield from self._read(images, decoder, gathered)
        if not gathered.images:
            raise RenderFailed(f"none of the {len(images)} images of {self._spec.dataset} can be read")
        self.stage = "tabulating"
        wanted = yield from beside(self._means.beside, lambda: self._wanted(gathered))
        thumbnails = yield from self._thumbnails(images, decoder, wanted)
        self.outcome = yield from beside(self._means.beside, lambda: self._tabulate(images, gathered, thumbnails))

    def finished(self) -> None:
        """The outcome is on its way into the store."""
        self._means.beside(lambda: self._means.checkpoints.whole(self._key))

    def _prepare(self) -> tuple[Images, Decoder, Checkpoint | None]:
        means = self._means
        means.checkpoints.again(self._key)
        checkpoint = means.checkpoints.read(self._key, self._conditions)
        return means.shelf.open(self._spec.dataset, self._identity), means.decoder(), checkpoint

    def _begin(self, checkpoint: Checkpoint | None) -> Accumulator:
        """A pass of idle rows says how many units there are."""
        idle = torch.zeros(self._reader.rows, self._network.preprocessing.channels, *self._size)
        self._reader(idle)
        gathered = Accumulator(self._reader.rectified, self._spec.keep)
        if checkpoint is not None:
            gathered.restore(checkpoint.state)
            self.done, self._broken = checkpoint.done, dict(checkpoint.broken)
            logger().info("scan taken up again", key=self._key, images=self.done)
        return gathered

    def _read(self, images: Images, decoder: Decoder, gathered: Accumulator) -> Generator[None, None, None]:
        batches = Batches(images, decoder, self._network, self._size, self._reader.rows, self.done)
        saved, pause = time.monotonic(), CHECKPOINT_EVERY
        try:
            while self.done < len(images):
                batch = batches.next(PATIENCE)
                if batch is not None:
                    self._take(batch, images, gathered)
                    begun = time.monotonic()
                    if self.done == len(images) or begun - saved > pause:
                        yield from beside(self._means.beside, lambda: self._keep(gathered))
                        saved = time.monotonic()
                        pause = max(CHECKPOINT_EVERY, SELDOM * (saved - begun))
                yield
        finally:
            batches.close()

    def _keep(self, gathered: Accumulator) -> None:
        kept = Checkpoint(self.done, gathered.state(), self._broken)
        self._means.checkpoints.write(self._key, kept, self._conditions)

    def _take(self, batch: Batch, images: Images, gathered: Accumulator) -> None:
        """Shows a batch to the network."""
        said = self._reader(batch.pictures)
        there, usable = batch.rows, said.usable()
        broken = dict(batch.broken)
        for row in there[~usable[there]].tolist():
            broken[batch.first + row] = "the network answers with numbers that are not finite"
        for image, reason in broken.items():
            logger().info("image left out", key=self._key, image=images.name(image), reason=reason)
        self._broken |= broken
        there = there[usable[there]]
        gathered.add(batch.first + there, said.of(there))
        self.done += batch.count

    def _wanted(self, gathered: Accumulator) -> list[int]:
        """The images to be shown. Raises `RenderFailed` when the data set is another one by now."""
        self._means.shelf.open(self._spec.dataset, self._identity)
        return chosen(map(gathered.report, range(gathered.units))) if self._means.thumbnails else []

    def _thumbnails(
        self, images: Images, decoder: Decoder, wanted: Sequence[int]
    ) -> Generator[None, None, dict[int, bytes]]:
        """By the number of the image."""
        found = {}
        asked = {image: decoder.ask(thumbnail, images.reference(image), self._size, THUMBNAIL) for image in wanted}
        try:
            for image, pending in asked.items():
                while (made := decoder.answer(pending, PATIENCE)) is None:
                    yield
                if not isinstance(made, Broken):
                    found[image] = made
        finally:
            for pending in asked.values():
                decoder.forget(pending)
        return found

    def _tabulate(self, images: Images, gathered: Accumulator, thumbnails: Mapping[int, bytes]) -> Outcome:
        """Some units at a time: as JSON they take many times what they take here."""
        labels, lines = images.labels, []
        # 28 MB of pyarrow, for a renderer that makes a table.
        from featurelens.worker.renderer.scans.tables import TABLE, Table

        table = Table({"key": self._key, "spec": self._spec.model_dump_json(), "weights": self._network.digest})
        channels = [(shape, channel) for shape in self._reader.shapes for channel in range(shape.channels)]
        for first in range(0, len(channels), _TOGETHER):
            told = [
                described(gathered.report(unit), *channels[unit], labels, thumbnails)
                for unit in range(first, min(first + _TOGETHER, len(channels)))
            ]
            table.add(told)
            lines += [json.dumps(unit, separators=(",", ":")).encode() + b"\n" for unit in told]
        contents = {TABLE: table.content()}
        contents |= zip(UNITS, packed(enumerate(lines)), strict=True)
        if thumbnails:
            contents |= zip(THUMBNAILS, packed(thumbnails.items()), strict=True)
        files = [(_head(name, content), content) for name, content in contents.items()]
        listed = [{"image": image, "reason": reason} for image, reason in sorted(self._broken.items())]
        numbers = {
            "images": len(images) - len(listed),
            "broken": {"count": len(listed), "first": listed[:_TOLD]},
            "layers": [shape._asdict() for shape in self._reader.shapes],
            "thumbnail": list(thumbnail_size(self._size, THUMBNAIL)) if thumbnails else None,
            "batch": self._reader.rows,
            **self._means.device.numbers(self._network),
        }
        return Outcome(numbers, files)


def _head(name: str, content: bytes) -> FileHead:
    kind = _MEDIA.get(name.partition(".")[2], "application/octet-stream")
    return FileHead(name=name, media_type=kind, bytes=len(content))
