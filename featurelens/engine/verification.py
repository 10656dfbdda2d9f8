"""Holds what a network has been rewritten to against the network itself, before pictures are made with it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from featurelens.engine import comparison
from featurelens.engine.comparison import Observation, observe
from featurelens.engine.draws import drawn_from
from featurelens.engine.extraction.extractor import Extractor, Way
from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.extraction.untouched import read_untouched
from featurelens.engine.memory import out_of_memory
from featurelens.engine.network import Network
from featurelens.engine.parameterizations import Size

SMALL = 64
"""Side in pixels at which networks are compared that run at it; others are at the size of their pictures."""

DRAWS = (
    "the network draws at random by itself: it is run as it was written, with hooks, in float32, every pass under a "
    "seed of the picture; its numbers are of a pass under torch.manual_seed(seed)"
)
UNSTEADY = "the network answers otherwise every time, whatever the seed: made again, the picture would be another"
_RUN: Mapping[Way, str] = {
    "traced": "as a graph",
    "hooked": "with hooks",
    "untouched": "as it was written, with hooks,",
}


@dataclass(frozen=True)
class Verdict:
    """How a network is run for gradients; `warnings` tell what had to be given up for it, and why.

    Every pass of a network that `draws` random numbers is made under a seed; one that `overwrites` what its own
    gradient needs is run where torch keeps that.
    """

    way: Way
    dtype: torch.dtype
    draws: bool = False
    overwrites: bool = False
    warnings: tuple[str, ...] = ()


Known = dict[tuple[tuple[str, ...], torch.dtype, torch.device], Verdict]
_KNOWN: WeakKeyDictionary[Network, Known] = WeakKeyDictionary()


def verified(
    network: Network, layers: tuple[str, ...], size: Size, dtype: torch.dtype, device: torch.device
) -> tuple[Extractor, Verdict]:
    """The fastest way to the gradients of `layers` that agrees with the untouched network, in `dtype` if any does.

    Compared once for all sizes, on two pictures: that takes the untouched network two passes, and every way that is
    tried one for each precision. Raises what the untouched network raises.
    """
    known = _KNOWN.setdefault(network, {})
    verdict = known.get((layers, dtype, device))
    if verdict is not None:
        return Extractor(network, layers, follow=True, dtype=verdict.dtype, device=device, way=verdict.way), verdict
    extract, known[layers, dtype, device] = _Trial(network, layers, size, device).judge(dtype)
    return extract, known[layers, dtype, device]


class _Trial:
    """The untouched network's own answers, and what is held against them."""

    def __init__(self, network: Network, layers: tuple[str, ...], size: Size, device: torch.device) -> None:
        self._network, self._layers, self._device = network, layers, device
        self._overwrites = False
        try:
            self._show((SMALL, SMALL) if size[0] * size[1] > SMALL**2 else size)
        except Exception as error:
            if out_of_memory(error):
                raise
            self._show(size)  # raises it again if the size is not to blame

    def judge(self, dtype: torch.dtype) -> tuple[Extractor, Verdict]:
        draws = self._draws()
        if draws:
            return self._as_written(draws, draws=True)
        faults: list[str] = []
        for way, precision in _ways(dtype):
            extract, fault = self._tried(way, precision)
            if extract is not None:
                return extract, Verdict(way, precision, warnings=_told(way, precision, faults))
            if fault:
                faults.append(f"{_RUN[way]} in {_name(precision)} it {fault}")
        return self._as_written(_told("untouched", torch.float32, faults))

    def _as_written(self, warnings: tuple[str, ...], draws: bool = False) -> tuple[Extractor, Verdict]:
        verdict = Verdict("untouched", torch.float32, draws, self._overwrites, warnings)
        return self._extractor("untouched"), verdict

    def _show(self, size: Size) -> None:
        self._pictures = comparison.pictures(self._network.preprocessing.channels, size, self._device)
        with drawn_from(0, self._device):
            try:
                self._truth = observe(self._untouched, self._pictures)
            except RuntimeError as error:
                if "modified by an inplace operation" not in str(error):
                    raise
                self._overwrites = True
                with torch.autograd.graph.allow_mutation_on_saved_tensors():
                    self._truth = observe(self._untouched, self._pictures)

    def _draws(self) -> tuple[str, ...]:
        """A warning if the network does not answer alike under two seeds, two if it does not even under one."""

        def again() -> Mapping[str, Reading]:
            with torch.no_grad(), drawn_from(1, self._device):
                return self._untouched(self._pictures)

        once = again()
        if not comparison.values_fault(once, self._truth.readings, torch.float32):
            return ()
        return (DRAWS, UNSTEADY) if comparison.values_fault(again(), once, torch.float32) else (DRAWS,)

    def _tried(self, way: Way, precision: torch.dtype) -> tuple[Extractor | None, str]:
        """What can be used, or what is wrong with it; neither where it need not be tried."""
        try:
            extract = self._extractor(way)
            if extract.way != way:  # there is no graph: none can be made, or functional layers are read
                return None, extract.untraceable and f"cannot be traced ({extract.untraceable})"
            for dtype in dict.fromkeys((torch.float32, precision)):
                extract.cast(dtype)
                fault = comparison.fault(self._observed(extract), self._truth, dtype)
                if fault:
                    return None, fault
        except Exception as error:
            if out_of_memory(error):
                raise
            return None, f"raises {type(error).__name__}: {textwrap.shorten(str(error), 120)}"
        return extract, ""

    def _observed(self, extract: Extractor) -> Observation:
        with drawn_from(0, self._device):
            return observe(lambda shown: extract(self._network.preprocessing(shown)), self._pictures)

    def _extractor(self, way: Way) -> Extractor:
        return Extractor(self._network, self._layers, follow=True, device=self._device, way=way)

    def _untouched(self, shown: Tensor) -> Mapping[str, Reading]:
        return read_untouched(self._network, self._network.preprocessing(shown), self._layers)


def _ways(dtype: torch.dtype) -> Iterator[tuple[Way, torch.dtype]]:
    """The fastest first; behind them stands the untouched network, which needs no trial."""
    yield "traced", dtype
    yield "hooked", dtype
    if dtype != torch.float32:
        yield "traced", torch.float32


def _told(way: Way, dtype: torch.dtype, faults: list[str]) -> tuple[str, ...]:
    reasons = "; ".join(faults)
    return (f"the network is run {_RUN[way]} in {_name(dtype)}: {reasons}",) if faults else ()


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
