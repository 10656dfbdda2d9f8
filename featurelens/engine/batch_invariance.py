"""Rows go through the network in numbers that change nobody's bits.

A processor's libraries choose the order of their sums by the shape of all there is to do, the number of rows too. Here
numbers of rows are found in which each row is answered as it is beside one other, gradient included; what goes through
is filled up with idle rows to such a number. What is chosen does not depend on what is in the rows: noise shows it, and
in bfloat16 sums that cancel. Measured: docs/experiments/company.md.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from featurelens.engine.cancellation import cancelling, equal, steady
from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import Reading, rows_of
from featurelens.engine.extraction.passage import ALL_EXACT, EXACT, Passage, Passages
from featurelens.engine.memory import out_of_memory
from featurelens.engine.network import Network
from featurelens.engine.parameterizations import Size

log = logging.getLogger(__name__)

NUMBERS = (*range(1, 9), *range(10, 17, 2), *range(20, 33, 4), *range(40, 65, 8), *range(96, 513, 32))
"""Of rows, that are tried: where there are many, a few idle ones are cheap."""

_ON_A_CARD = 32
"""Rows of 224 x 224 pixels; as many pixels at other sizes. One of them costs a card no more than 32: it waits for its
next orders meanwhile (one H100: 8.0 ms a step of one picture, 0.1 for each row more)."""

_LEAK = Passage(0.05)
"""How gradients pass rectifiers most of the time; in each other way it is the same operations that carry them."""

_LEAKING = Passages(((_LEAK, 1),))

_PASSAGES = (EXACT, _LEAK, Passage(redirect=True))
"""One of each kind."""

_PATIENCE = 10.0
"""Seconds that trying a number may take, or it is not tried: lanes wait meanwhile."""


@dataclass
class _Tried:
    """The numbers that were tried, how many seconds two rows took, and whether passages mix."""

    holds: dict[int, bool] = field(default_factory=dict)
    seconds: float = 0.0
    mixes: bool | None = None


_TRIED: WeakKeyDictionary[Network, dict[tuple[tuple[str, ...], Size, torch.dtype], _Tried]] = WeakKeyDictionary()
_STEADY: dict[tuple[tuple[object, ...], int], bool] = {}
"""By kind of layer and number of rows."""


class BatchInvariance:
    """Of one way through a network at one size of pictures. Every pass that tries it is made `within`.

    On a CPU numbers of rows are tried. On a card it is always the same one, idle rows among them, because its libraries
    choose their kernels by it; fewer only where memory is short.
    """

    def __init__(
        self,
        network: Network,
        extract: Extractor,
        size: Size,
        device: torch.device,
        within: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._network, self._extract, self._size, self._device = network, extract, size, device
        self._within = within
        kind = extract.layers, size, extract.dtype
        self._tried = _TRIED.setdefault(network, {}).setdefault(kind, _Tried())
        self._met: dict[tuple[object, ...], tuple[nn.Conv2d | nn.Linear, Tensor]] = {}
        """A layer of each kind, and what it was given for two rows."""

    def rows(self, wanted: int, most: int) -> int:
        """In how many rows at once `wanted` rows go: enough for all if such a number is no more than `most`."""
        if self._device.type == "cuda":
            return min(on_a_card(self._size), most)
        if self._device.type != "cpu" or most == 1:
            return min(wanted, most)
        numbers = [number for number in NUMBERS if number <= most]
        fewer = [number for number in numbers if number < wanted]
        # An odd number often disturbs; with one more row it may not.
        enough = numbers[len(fewer) : len(fewer) + 2]
        return next((number for number in (*enough, *reversed(fewer)) if self._holds(number)), 1)

    def mixes(self) -> bool:
        """Whether rows side by side can have gradients that pass rectifiers each in its own way, to the bit.

        Not where the network puts anything but rows first, so that nobody knows whose gradient it is.
        """
        if self._tried.mixes is None:
            try:
                with self._within():
                    self._tried.mixes = self._try_mixing()
            except Exception as error:
                if out_of_memory(error):
                    raise
                log.info("%s takes no mixed passages: %s", self._network.name, error)
                self._tried.mixes = False
        return self._tried.mixes

    def _try_mixing(self) -> bool:
        rows = range(len(_PASSAGES))
        mixed = self._noise(rows, Passages.of((passage, 1) for passage in _PASSAGES))
        for row, passage in enumerate(_PASSAGES):
            alike = self._noise(rows, Passages.of([(passage, len(rows))]))
            if not all(equal(one[row], other[row]) for one, other in zip(mixed, alike, strict=True)):
                return False
        return True

    def _holds(self, number: int) -> bool:
        known = self._tried.holds
        if number != 2 and not self._holds(2):
            return number == 1
        if number not in known:
            if self._tried.seconds * number / 2 > _PATIENCE:
                return False
            begun = time.perf_counter()
            try:
                with self._within():
                    known[number] = self._try(number)
            except Exception as error:
                if out_of_memory(error):
                    raise
                log.info("%s does not take %d rows at once: %s", self._network.name, number, error)
                known[number] = False
            if number == 2:
                self._tried.seconds = time.perf_counter() - begun
        return known[number]

    def _try(self, number: int) -> bool:
        if not steady(self._noise, number):
            return False
        return self._extract.dtype == torch.float32 or self._layers_hold(number)

    def _noise(self, rows: Sequence[int], passages: Passages = _LEAKING) -> list[Tensor]:
        """What is read of rows of noise, and the gradient of a mixture of it, each drawn with the row's own number."""
        shape = (self._network.preprocessing.channels, *self._size)
        each = [torch.rand(shape, generator=torch.Generator().manual_seed(row)) for row in rows]
        shown = torch.stack(each).to(self._device).requires_grad_(True)
        with self._extract.statistics.recording():
            readings = self._extract(self._network.preprocessing(shown), passages)
        found = [value for reading in readings.values() for value in reading if value is not None]
        distance = self._extract.statistics.distance()
        leading = [end for end in (*found, *([] if distance is None else [distance])) if end.requires_grad]
        gradient = torch.autograd.grad(leading, shown, [_mixture(end, rows) for end in leading]) if leading else ()
        return [*(value.detach() for value in found), *gradient]

    def _layers_hold(self, number: int) -> bool:
        """Of layers like the network's, with numbers in which the order of sums shows whatever they are rounded to."""
        if not self._met:
            self._meet_layers()
        for kind, (layer, inputs) in self._met.items():
            if (kind, number) not in _STEADY:
                _STEADY[kind, number] = steady(cancelling(layer, inputs), number)
            if not _STEADY[kind, number]:
                return False
        return True

    def _meet_layers(self) -> None:
        def meet(layer: nn.Module, inputs: tuple[Tensor, ...], _output: object) -> None:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                # Its shape is enough.
                value = torch.empty_like(inputs[0], device="meta")
                self._met[repr(layer), value.shape, value.stride(), value.dtype] = layer, value

        handles = [part.register_forward_hook(meet) for part in self._extract.module.modules()]
        try:
            self._noise(range(2))
        finally:
            for handle in handles:
                handle.remove()


class Filled:
    """An extractor to which `rows` rows are shown, idle ones behind those that are given."""

    def __init__(self, extract: Extractor, rows: int) -> None:
        self._extract, self._rows = extract, rows
        self._idle = 0
        self.statistics = self

    def __call__(self, inputs: Tensor, passages: Passages = ALL_EXACT) -> dict[str, Reading]:
        self._idle = max(0, self._rows - len(inputs))
        if not self._idle:
            return self._extract(inputs, passages)
        filled = torch.cat([inputs, inputs.new_zeros(self._idle, *inputs.shape[1:])])
        readings = self._extract(filled, passages.filled(self._idle))
        return rows_of(readings, slice(len(inputs)))

    def recording(self) -> AbstractContextManager[None]:
        """As `BatchNormStatistics`."""
        return self._extract.statistics.recording()

    def distance(self) -> Tensor | None:
        """As `BatchNormStatistics`, of the rows that were given."""
        distance = self._extract.statistics.distance()
        return distance if distance is None or not self._idle else distance[: -self._idle]


def on_a_card(size: Size) -> int:
    """Rows at once, a power of two from 2 to 64."""
    fit = _ON_A_CARD * 224**2 / (size[0] * size[1])
    return min(64, max(2, 1 << int(math.log2(max(1.0, fit)))))


def _mixture(end: Tensor, rows: Sequence[int]) -> Tensor:
    """A weight for each channel of each row."""
    shape = (*end.shape[1:2], *(1 for _ in end.shape[2:]))
    each = [torch.randn(shape, generator=torch.Generator().manual_seed(row)) for row in rows]
    return torch.stack(each).to(end).expand_as(end)
