"""Reading pieces of a scan that another renderer makes, one after the other, as long as there are some."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import partial

from featurelens.engine.network import Network
from featurelens.jobs.logs import logger
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.worker.datasets.base import Images
from featurelens.worker.datasets.decoder import Decoder
from featurelens.worker.renderer.course_work import beside
from featurelens.worker.renderer.scans.reading import Lost, Means, Reading, conditions
from featurelens.worker.renderer.scans.sharing import Claimed, claim, shared


class Help:
    """With one scan; `steps` reads a batch with each `next` at most."""

    def __init__(self, key: str, spec: ScanSpec, network: Network, means: Means) -> None:
        self._key, self._spec, self._network, self._means = key, spec, network, means
        self._conditions = shared(conditions(spec, network, means.device))
        self._before = 0
        self._reading: Reading | None = None

    @property
    def read(self) -> int:
        """Images."""
        return self._before + (0 if self._reading is None else self._reading.read)

    def steps(self) -> Generator[None, None, None]:
        """Raises what the network raises, or `RenderFailed` where the data set is another one."""
        claimed = yield from beside(self._means.beside, self._claimed)
        while claimed is not None:
            yield from self._read(claimed)
            claimed = yield from beside(self._means.beside, self._claimed)

    def _claimed(self) -> Claimed | None:
        return None if self._means.ledger is None else claim(self._means.ledger, self._key, self._conditions)

    def _read(self, claimed: Claimed) -> Iterator[None]:
        part, self._reading = claimed.part, None
        try:
            images, decoder = yield from beside(self._means.beside, self._prepare)
            self._reading = Reading(self._key, self._spec, self._network, self._means, part, claimed.renew)
            logger().info("reads a piece of a scan", key=self._key, first=part.start, stop=part.stop)
            yield from self._reading.steps(images, decoder)
        except Lost:
            logger().info("a piece of a scan is another's by now", key=self._key, first=part.start)
        finally:
            kept = part.start if self._reading is None else self._reading.kept
            self._before, self._reading = self.read, None
            self._means.beside(partial(claimed.end, kept))

    def _prepare(self) -> tuple[Images, Decoder]:
        assert self._spec.identity is not None
        return self._means.shelf.open(self._spec.dataset, self._spec.identity), self._means.decoder()
