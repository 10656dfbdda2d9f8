"""A lane: all pictures in progress that share one forward pass, advanced together one step a tick.

Pictures join and leave between ticks, as requests do in continuous batching of language models; nobody waits for a
batch to fill or to finish. Each keeps its own parameters, moments, random draws and objective, so its result does not
depend on who shares the lane, beyond rounding (tolerances: tests/featurelens/engine/test_lane.py).
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence

import torch
from torch import Tensor

from featurelens.engine import compositing
from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.extraction.rectifier import Passage
from featurelens.engine.network import Network
from featurelens.engine.optimization import Optimization, Recipe, Result
from featurelens.engine.parameterizations import Size
from featurelens.engine.step import advance, as_bytes, channels_last

log = logging.getLogger(__name__)

WAKING = 16
"""Steps in which a picture that gets no gradient is helped by redirected ReLUs (lucid)."""


class Lane:
    """Same network, same layers, same size; `dtype` is the precision of the network, all else is float32.

    `limit` is how many pictures go through the network in one tick; more take turns. It halves when the device runs
    out of memory.
    """

    def __init__(
        self,
        network: Network,
        layers: Sequence[str],
        size: Size,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        limit: int = 64,
    ) -> None:
        self.network = network
        self.layers = tuple(layers)
        self.size = size
        self.limit = limit
        self.dtype = dtype
        self.device = torch.device(device)
        self.optimizations: list[Optimization] = []
        self._extract = self._extractor(dtype)
        self._exact = self._extract if dtype == torch.float32 else None

    def join(self, recipe: Recipe) -> Optimization:
        """Starts a picture at the next tick. Raises ValueError when it does not belong in this lane."""
        if recipe.size != self.size or not set(recipe.objective.layers) <= set(self.layers):
            raise ValueError("this recipe belongs in another lane: other size or layers")
        channels = self.network.preprocessing.channels
        if recipe.parameterization.channels not in (channels, channels + 1):
            raise ValueError(f"{self.network.name} takes pictures of {channels} channels")
        optimization = Optimization(recipe, recipe.objective.prepared(self._read_exactly), self.device)
        self.optimizations.append(optimization)
        return optimization

    def leave(self, optimization: Optimization) -> None:
        """Takes a picture out, finished or not; its place is free at the next tick."""
        self.optimizations.remove(optimization)

    def tick(self, chosen: Sequence[Optimization] | None = None) -> list[Optimization]:
        """One step for `chosen`, or for the next `limit` pictures. Returns those finished or failed; they have left."""
        chunk = self._next() if chosen is None else list(chosen)
        draws = [optimization.generator.get_state() for optimization in chunk]
        steps = [optimization.step for optimization in chunk]
        try:
            for passage, group in itertools.groupby(sorted(chunk, key=_passage), key=_passage):
                advance(list(group), self.network.preprocessing, self._extract, passage)
        except torch.OutOfMemoryError as error:
            if len(chunk) == 1:
                chunk[0].failure = error
            self.limit = max(1, sum(optimization.rows for optimization in chunk) // 2)
            log.warning("out of memory with %d pictures at once, going on with %d", 2 * self.limit, self.limit)
            torch.cuda.empty_cache()
            for optimization, state, step in zip(chunk, draws, steps, strict=True):
                if optimization.step == step:  # the same draws again, so that the picture stays the same
                    optimization.generator.set_state(state)
        done = [optimization for optimization in chunk if optimization.finished or optimization.failure]
        rest = [optimization for optimization in self.optimizations if optimization not in chunk]
        self.optimizations = rest + [optimization for optimization in chunk if optimization not in done]
        return done

    def result(self, optimization: Optimization) -> Result:
        """The picture as it stands, rounded to 8 bits, with what the network answers to exactly that in float32.

        Raises ValueError when the optimization has left the range of numbers.
        """
        if not all(bool(tensor.isfinite().all()) for tensor in optimization.parameters):
            raise ValueError("the optimization left the range of numbers; try a smaller learning rate")
        with torch.no_grad():
            pixels = as_bytes(compositing.decode([optimization], self.size).each[0])
            opaque = compositing.over_grey(pixels.float() / 255, self.network.preprocessing.channels)
            measures = optimization.objective.measure(self._read_exactly(opaque))
            snapshots = dict(optimization.snapshots)
            if optimization.step in optimization.recipe.snapshots:
                snapshots[optimization.step] = channels_last(pixels)
            if optimization.mask is not None:
                pixels = torch.cat([pixels, as_bytes(compositing.opacity(optimization.mask))], dim=1)
        return Result(
            pixels=channels_last(pixels),
            measures={name: value.float().cpu().tolist() for name, value in measures.items()},
            curve=optimization.curve(),
            snapshots=sorted(snapshots.items()),
            dormant=optimization.dormant,
        )

    def _next(self) -> list[Optimization]:
        """The first in the queue that fit into one tick together, at least one."""
        chunk: list[Optimization] = []
        room = self.limit
        for optimization in self.optimizations:
            room -= optimization.rows
            if room < 0 and chunk:
                break
            chunk.append(optimization)
        return chunk

    def _extractor(self, dtype: torch.dtype) -> Extractor:
        return Extractor(self.network, self.layers, follow=True, dtype=dtype, device=self.device)

    def _read_exactly(self, pictures: Tensor) -> dict[str, Reading]:
        if self._exact is None:
            self._exact = self._extractor(torch.float32)
        return self._exact(self.network.preprocessing(pictures.to(self.device)))


def _passage(optimization: Optimization) -> Passage:
    """How gradients pass rectifiers at the coming step; those with the same go through the network together."""
    if optimization.dormant and optimization.step < WAKING:
        return Passage(redirect=True)
    return Passage(optimization.leak)
