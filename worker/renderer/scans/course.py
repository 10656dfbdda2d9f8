"""The course of one scan, from opening the data set to the files of its result, in small steps.

What takes long and is no forward pass is done beside the renderer's loop: in a thread, or in the processes that decode.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple

from featurelens.engine.network import Network
from featurelens.engine.scan import Accumulator, Relatives
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.pack import THUMBNAILS, UNITS, packed
from featurelens.worker.datasets.base import Images
from featurelens.worker.datasets.decoder import Decoder
from featurelens.worker.datasets.decoding import Broken, thumbnail, thumbnail_size
from featurelens.worker.protocol import FileHead, Stage
from featurelens.worker.renderer.course_work import PATIENCE, beside
from featurelens.worker.renderer.scans.examples import chosen, described, related
from featurelens.worker.renderer.scans.reading import Means
from featurelens.worker.renderer.scans.sharing import Whole
from featurelens.worker.renderer.scans.whole import WholeReading

THUMBNAIL = 224
"""Pixels of the longer side."""
_MEDIA = {"parquet": "application/vnd.apache.parquet", "jsonl": "application/jsonl"}
_TOGETHER = 512
"""Units that are tabulated at once."""
_TOLD = 100
"""Broken images that the result lists."""


class Outcome(NamedTuple):
    """The numbers and the files of a result."""

    numbers: dict[str, Any]
    files: list[tuple[FileHead, bytes]]


class Course:
    """One scan; `steps` does a part of it with each `next`, and `outcome` is there when it ends."""

    def __init__(self, key: str, spec: ScanSpec, network: Network, means: Means, whole: Whole) -> None:
        assert spec.size is not None
        assert spec.identity is not None
        self.stage: Stage = "reading"
        self.outcome: Outcome | None = None
        self._key, self._spec, self._network, self._means = key, spec, network, means
        self._size, self._identity = spec.size, spec.identity
        self._reading = WholeReading(key, spec, network, means, whole)

    @property
    def done(self) -> int:
        """Images that were read, by whomever."""
        return self._reading.read

    def steps(self) -> Generator[None, None, None]:
        """Each takes a forward pass at most. Raises `RenderFailed`, or what the network raises."""
        images, decoder = yield from beside(self._means.beside, self._prepare)
        gathered = yield from self._reading.steps(images, decoder)
        if not gathered.images:
            raise RenderFailed(f"none of the {len(images)} images of {self._spec.dataset} can be read")
        self.stage = "tabulating"
        wanted = yield from beside(self._means.beside, lambda: self._wanted(gathered))
        thumbnails = yield from self._thumbnails(images, decoder, wanted)
        self.outcome = yield from beside(self._means.beside, lambda: self._tabulate(images, gathered, thumbnails))

    def finished(self) -> None:
        """The outcome is on its way into the store."""
        self._means.beside(lambda: self._means.checkpoints.whole(self._key))

    def _prepare(self) -> tuple[Images, Decoder]:
        self._means.checkpoints.again(self._key)
        return self._means.shelf.open(self._spec.dataset, self._identity), self._means.decoder()

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
        relatives = self._relatives(gathered)
        channels = [(shape, channel) for shape in self._reading.reader.shapes for channel in range(shape.channels)]
        for first in range(0, len(channels), _TOGETHER):
            told = [
                described(gathered.report(unit), *channels[unit], labels, thumbnails)
                | related(relatives[unit], gathered.sampled)
                for unit in range(first, min(first + _TOGETHER, len(channels)))
            ]
            table.add(told)
            lines += [json.dumps(unit, separators=(",", ":")).encode() + b"\n" for unit in told]
        contents = {TABLE: table.content()}
        contents |= zip(UNITS, packed(enumerate(lines)), strict=True)
        if thumbnails:
            contents |= zip(THUMBNAILS, packed(thumbnails.items()), strict=True)
        files = [(_head(name, content), content) for name, content in contents.items()]
        listed = [{"image": image, "reason": reason} for image, reason in sorted(self._reading.broken.items())]
        numbers = {
            "images": len(images) - len(listed),
            "broken": {"count": len(listed), "first": listed[:_TOLD]},
            "layers": [shape._asdict() for shape in self._reading.reader.shapes],
            "thumbnail": list(thumbnail_size(self._size, THUMBNAIL)) if thumbnails else None,
            "batch": self._reading.reader.rows,
            **self._means.device.numbers(self._network),
        }
        return Outcome(numbers, files)

    def _relatives(self, gathered: Accumulator) -> list[Relatives]:
        """Of every unit, among those of its layer."""
        found: list[Relatives] = []
        for shape in self._reading.reader.shapes:
            found += gathered.relatives(range(len(found), len(found) + shape.channels))
        return found


def _head(name: str, content: bytes) -> FileHead:
    kind = _MEDIA.get(name.partition(".")[2], "application/octet-stream")
    return FileHead(name=name, media_type=kind, bytes=len(content))
