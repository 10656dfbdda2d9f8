"""Reading all images of a scan, from the front on, while others may read pieces at its back.

What they have read is taken over where the whole comes to it. A piece that is still being read is waited for about as
long as to read it here would take: so what waiting costs is bounded, whoever hangs.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from functools import partial

from featurelens.engine.network import Network
from featurelens.engine.scan import Accumulator
from featurelens.jobs.logs import logger
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.worker.datasets.base import Images
from featurelens.worker.datasets.decoder import Decoder
from featurelens.worker.renderer.scans.batches import Batch
from featurelens.worker.renderer.scans.checkpoints import Checkpoint
from featurelens.worker.renderer.scans.ledger import LEASE, Standing
from featurelens.worker.renderer.scans.plan import Piece
from featurelens.worker.renderer.scans.pulse import EVERY, Pulse
from featurelens.worker.renderer.scans.reading import Means, Reading
from featurelens.worker.renderer.scans.sharing import Whole, shared

AHEAD = 5 * EVERY
"""Seconds of reading before which nothing can be claimed any more: the plan is looked at more often."""

MARGIN = 1.5
"""Times as long as reading it here would take a piece is waited for."""


class WholeReading(Reading):
    """As `Reading`, of all images, shared by way of `whole`."""

    def __init__(self, key: str, spec: ScanSpec, network: Network, means: Means, whole: Whole) -> None:
        super().__init__(key, spec, network, means)
        self._whole = whole
        self._standings: Pulse[Standing] | None = None
        self._missing: int | None = None
        """Begins a piece that has turned out to have no checkpoint."""
        self._begun = 0.0, 0
        """When reading began after the latest piece of another, and at which image."""
        self._pace: float | None = None
        """Seconds that an image has taken since; None: not known yet."""

    @property
    def read(self) -> int:
        """Images that have been read, by whomever."""
        return self.done if self._standings is None else self._standings.latest.read(self.done)

    def _all(self, images: Images, decoder: Decoder, gathered: Accumulator) -> Iterator[None]:
        try:
            self._standings = Pulse(self._means.beside, (yield from self._beside(self._open)))
            while self.done < self._images.stop:
                stop = self._stop((yield from self._standings.now(self._hold)))
                if stop > self.done:
                    yield from self._read(images, decoder, gathered, stop)
                else:
                    yield from self._take_over(self._standings, gathered)
                yield
        finally:
            self._means.beside(self._whole.close)

    def _read(self, images: Images, decoder: Decoder, gathered: Accumulator, stop: int) -> Iterator[None]:
        self._begun = time.monotonic(), self.done
        return super()._read(images, decoder, gathered, stop)

    def _take(self, batch: Batch, images: Images, gathered: Accumulator) -> None:
        super()._take(batch, images, gathered)
        self._pace = (time.monotonic() - self._begun[0]) / (self.done - self._begun[1])

    def _beat(self) -> int:
        if self._standings is None:
            return self._images.stop
        self._standings.beat(self._hold)
        return self._stop(self._standings.latest)

    def _stop(self, standing: Standing) -> int:
        """Where the next piece begins that is another's."""
        nearest = standing.plan.nearest(self.done)
        return self._images.stop if nearest is None else nearest.first

    def _open(self) -> Standing:
        parts = self._means.checkpoints.parts(self._key)
        return self._whole.open(shared(self._conditions), self.reader.rows, self._images.stop, parts)

    def _hold(self) -> Standing:
        ahead = 2 * self.reader.rows + (0 if self._pace is None else int(AHEAD / self._pace))
        return self._whole.hold(self.done, ahead, self._missing)

    def _take_over(self, standings: Pulse[Standing], gathered: Accumulator) -> Iterator[None]:
        """What is in the checkpoint of the piece that begins here; the rest of it is free then."""
        piece = yield from self._awaited(standings)
        if piece is None:
            return
        part = range(piece.first, piece.stop)
        kept = yield from self._beside(partial(self._means.checkpoints.read, self._key, self._conditions, part))
        if kept is None or kept.done <= self.done:
            self._missing = piece.first
            yield from standings.now(self._hold)
            self._missing = None
        else:
            yield from self._beside(partial(self._merge, kept, gathered))
            logger().info("a piece of a scan taken over", key=self._key, first=piece.first, stop=self.done)
            yield from self._keep_sometimes(gathered)

    def _awaited(self, standings: Pulse[Standing]) -> Generator[None, None, Piece | None]:
        """The piece that begins here, when it is read or has been waited for; None: it is free by then."""
        until: float | None = None
        while True:
            plan, leases = yield from standings.now(self._hold)
            piece = plan.nearest(self.done)
            if piece is None or piece.first > self.done:
                return None
            if piece.whole or piece.holder not in leases:
                return piece
            pace = LEASE if self._pace is None else MARGIN * self._pace * (piece.stop - leases[piece.holder])
            until = until or time.monotonic() + EVERY + pace
            if time.monotonic() > until:
                return piece
            yield from self._beside(partial(time.sleep, EVERY / 5))

    def _merge(self, kept: Checkpoint, gathered: Accumulator) -> None:
        gathered.merge(self._gathered(kept))
        self.done = kept.done
        self.broken |= kept.broken
