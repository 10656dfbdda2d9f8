"""The images of a data set, batch by batch, decoded ahead."""

from __future__ import annotations

from collections import deque
from typing import Any

import torch
from torch import Tensor

from featurelens.engine.network import Network
from featurelens.worker.datasets.base import Images
from featurelens.worker.datasets.decoder import Decoder, Pending
from featurelens.worker.datasets.decoding import Broken, pixels


class Batch:
    """Images `first` and on: those that can be shown, as rows, and why others cannot, by their number."""

    def __init__(self, first: int, count: int, pictures: Tensor, broken: dict[int, str]) -> None:
        self.first, self.count = first, count
        self.pictures, self.broken = pictures, broken

    @property
    def rows(self) -> Tensor:
        """(n,) those that hold an image."""
        return torch.tensor([row for row in range(self.count) if self.first + row not in self.broken], dtype=torch.long)


class Batches:
    """The images `wanted`, `rows` at a time. An image's row follows from its number: nothing moves up."""

    def __init__(
        self, images: Images, decoder: Decoder, network: Network, size: tuple[int, int], rows: int, wanted: range
    ) -> None:
        assert network.takes is not None
        self._images, self._decoder = images, decoder
        self._size, self._rows = size, rows
        self._takes = list(network.takes)
        self._blank = network.preprocessing.neutral[:, None, None].repeat(1, *size)
        self._next, self._first, self._stop = wanted.start, wanted.start, wanted.stop
        self._ahead: deque[Pending[Any]] = deque()
        self._most = 2 * rows + 2 * decoder.processes
        self._fill()

    def next(self, patience: float) -> Batch | None:
        """The next batch; None when it is not decoded within `patience` seconds."""
        count = min(self._rows, self._stop - self._first)
        answers: list[Any] = []
        for row in range(count):
            answers.append(self._decoder.answer(self._ahead[row], patience))
            if answers[-1] is None:
                return None
        pictures, broken = torch.zeros(self._rows, *self._blank.shape), {}
        for row, answer in enumerate(answers):
            if isinstance(answer, Broken):
                broken[self._first + row] = answer.reason
            else:
                pictures[row] = self._blank
                pictures[row, self._takes] = torch.from_numpy(answer)
        batch = Batch(self._first, count, pictures, broken)
        self._first += count
        for _ in range(count):
            self._ahead.popleft()
        self._fill()
        return batch

    def close(self) -> None:
        """Nothing more is wanted."""
        while self._ahead:
            self._decoder.forget(self._ahead.popleft())

    def _fill(self) -> None:
        while self._next < self._stop and len(self._ahead) < self._most:
            reference = self._images.reference(self._next)
            self._ahead.append(self._decoder.ask(pixels, reference, self._size, len(self._takes)))
            self._next += 1
