"""Jobs that are one forward pass over one photograph: one tick does all of it, unless a kind says otherwise."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from featurelens.engine.network import Network
from featurelens.jobs.kinds import kind_of
from featurelens.jobs.store.photos import PhotoReader
from featurelens.worker.protocol import Ask, FileHead, Finished
from featurelens.worker.renderer.photograph import decoded
from featurelens.worker.renderer.single_work import SingleWork, SingleWorks
from featurelens.worker.renderer.work import Work


class Findings(NamedTuple):
    """What the pass has shown: numbers, and the contents of files by what is told of them."""

    numbers: dict[str, Any]
    files: Mapping[FileHead, bytes] = {}


class OnePass(SingleWork):
    """One photograph through one network."""

    def __init__(self, ask: Ask, network: Network, png: bytes, begun: float) -> None:
        super().__init__(ask, network, begun)
        self._png = png
        self._findings: Findings | None = None

    @abstractmethod
    def look(self) -> Findings:
        """Does the pass."""

    def picture(self, size: tuple[int, int] | None) -> Tensor:
        """The photograph as the network takes it, (C, H, W) in [0, 1]; `size` is that of a resolved spec."""
        assert size is not None
        return decoded(self._png, size, self.network)

    def shown(self, picture: Tensor) -> Tensor:
        """(H, W, 3 or 1) uint8: the channels that the photograph went to."""
        taken = picture[list(self.network.takes or ())]
        return (taken * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()

    @property
    def step(self) -> int:
        return 0 if self._findings is None else 1

    def tick(self, chosen: Sequence[Work]) -> Collection[Work]:
        self._findings = self.look()
        self.leave()
        return [self]

    def finish(self) -> tuple[Finished, bytes]:
        assert self._findings is not None
        found, files = self._findings
        return Finished(files=list(files), numbers={**found, **self.where()}), b"".join(files.values())


class OnePasses(SingleWorks[OnePass]):
    """All of one kind: `begins` makes one, of what it is asked, its network, the PNG and when it arrived."""

    def __init__(
        self,
        photos: PhotoReader,
        begins: Callable[[Ask, Network, bytes, float], OnePass],
    ) -> None:
        super().__init__()
        self._photos = photos
        self._begins = begins

    def begin(self, ask: Ask, network: Network, begun: float) -> OnePass:
        """Reads the photograph; everything else happens in the tick. Raises `UnknownPhoto`."""
        photo = kind_of(ask.key).photo(ask.spec)
        assert photo is not None
        return self.add(self._begins(ask, network, self._photos.get(photo), begun))
