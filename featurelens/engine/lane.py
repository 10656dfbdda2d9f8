"""A lane: all pictures in progress that share one forward pass, advanced together one step a tick.

Pictures join and leave between ticks, as requests do in continuous batching of language models; nobody waits for a
batch to fill or to finish. Each keeps its own parameters, moments, random draws and objective, and goes through the
network in numbers of rows that change nobody's bits (see `batch_invariance`), so its result does not depend on who
shares the lane.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from operator import attrgetter

import torch
from torch import Tensor
from torch.autograd.graph import allow_mutation_on_saved_tensors

from featurelens.engine import compositing
from featurelens.engine.batch_invariance import BatchInvariance, Filled
from featurelens.engine.draws import drawn_from
from featurelens.engine.extraction.hooks import Reading, together
from featurelens.engine.extraction.untouched import read_untouched
from featurelens.engine.memory import out_of_memory
from featurelens.engine.micro_batches import advance_in_passes
from featurelens.engine.network import Network
from featurelens.engine.optimization import Mark, Optimization, Recipe, Rendering
from featurelens.engine.parameterizations import Size
from featurelens.engine.places import Places
from featurelens.engine.step import advance, as_bytes, channels_last
from featurelens.engine.verification import verified

log = logging.getLogger(__name__)

UNMOVED = "no gradient reached the picture, it is as it began: what the unit answers does not depend on it"


class Lane:
    """Same network, same layers, same size; `dtype` is the precision of the network, all else is float32.

    How the network is run is found out when the lane opens (see `verification`): `warnings` tell what had to be given
    up, `dtype` among it. Raises what the network raises. What is told of pictures is read from the network as it is.
    `limit` is how many rows (pictures times views) go through the network in one tick; more pictures take turns, and
    one with more rows goes in several passes. It halves when the device runs out of memory.
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
        self.device = torch.device(device)
        self.optimizations: list[Optimization] = []
        self._places = Places()
        self._begun: dict[Optimization, tuple[Iterator[None], Mark]] = {}
        """Those in the middle of a step: the passes that are left, and where their draws were before."""
        self._extract, verdict = verified(network, self.layers, size, dtype, self.device)
        self.dtype = verdict.dtype
        self.warnings = verdict.warnings
        self._draws, self._overwrites = verdict.draws, verdict.overwrites
        self._invariance = BatchInvariance(network, self._extract, size, self.device, self._overwriting)

    def join(self, recipe: Recipe) -> Optimization:
        """Starts a picture at the next tick. Raises ValueError when it does not belong in this lane."""
        if recipe.size != self.size or not set(recipe.objective.layers) <= set(self.layers):
            raise ValueError("this recipe belongs in another lane: other size or layers")
        channels = self.network.preprocessing.channels
        if recipe.parameterization.channels != channels + recipe.parameterization.transparent:
            raise ValueError(f"{self.network.name} takes pictures of {channels} channels")
        with self._drawing(recipe.seed):
            objective = recipe.objective.prepared(self._read_exactly)
        optimization = Optimization(recipe, objective, self.device)
        self._places.find(optimization)
        self.optimizations.append(optimization)
        return optimization

    def leave(self, optimization: Optimization) -> None:
        """Takes a picture out, finished or not; its place is free at the next tick."""
        self.optimizations.remove(optimization)
        self._begun.pop(optimization, None)
        self._places.leave(optimization)

    def tick(self, chosen: Sequence[Optimization] | None = None) -> list[Optimization]:
        """One step for `chosen`, or for the next `limit` rows; returns those finished or failed, which have left.

        Of a picture that has more rows than `limit`, one pass of those that make a step. One that raises fails; where
        several did together, each is tried alone.
        """
        chunk = self._next() if chosen is None else list(chosen)
        for one in chunk:
            one.prepare()
            self._places.find(one)
        self._advance(chunk)
        for one in chunk:
            if one.finished:
                one.prepare()
        done = [optimization for optimization in chunk if optimization.finished or optimization.failure]
        for one in done:
            self._places.leave(one)
        rest = [optimization for optimization in self.optimizations if optimization not in chunk]
        self.optimizations = rest + [optimization for optimization in chunk if optimization not in done]
        return done

    def result(self, optimization: Optimization) -> Rendering:
        """The picture as it stands, rounded to 8 bits, with what the network answers to exactly that in float32.

        Raises ValueError when the optimization has left the range of numbers.
        """
        optimization.prepare()
        if not all(bool(tensor.isfinite().all()) for tensor in optimization.parameters):
            raise ValueError("the optimization left the range of numbers; try a smaller learning rate")
        with torch.no_grad():
            pixels = as_bytes(compositing.current(optimization))
            opaque = compositing.over_grey(pixels.float() / 255, self.network.preprocessing.channels)
            with self._drawing(optimization.recipe.seed):
                measures = optimization.objective.measure(self._read_exactly(opaque))
            snapshots = dict(optimization.snapshots)
            if optimization.step in optimization.recipe.snapshots:
                snapshots[optimization.step] = channels_last(pixels)
            if optimization.mask is not None:
                pixels = torch.cat([pixels, as_bytes(compositing.opacity(optimization.mask))], dim=1)
        awake = bool((measures["activation"] > 0).any())
        return Rendering(
            pixels=channels_last(pixels),
            measures={name: value.float().cpu().tolist() for name, value in measures.items()},
            curve=optimization.curve(),
            snapshots=sorted(snapshots.items()),
            dormant=optimization.dormant and not awake,
            warnings=self.warnings + ((UNMOVED,) if optimization.dormant and awake else ()),
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

    def _advance(self, chunk: Sequence[Optimization]) -> None:
        before = [(one, one.ticks, one.mark()) for one in chunk]
        try:
            for group in self._groups(chunk):
                self._step(group)
            return
        except Exception as error:  # noqa: BLE001 (a network's own Python may raise anything)
            # Only the error goes on: its traceback holds all tensors of the pass.
            raised, short = error.with_traceback(None), out_of_memory(error)
        halted = [one for one, ticks, _ in before if one.ticks == ticks]
        for one, _, mark in before:
            if one in halted:  # the same draws again, so that the picture stays the same
                one.rewind(self._begun.pop(one, (None, mark))[1])
        tried = min(self.limit, sum(one.rows for one in chunk))
        if short and tried > 1:
            self.limit = tried // 2
            log.warning("out of memory with %d rows at once, going on with %d", tried, self.limit)
            torch.cuda.empty_cache()
        elif len(chunk) == 1:
            chunk[0].failure = raised
        else:
            log.warning("%d pictures failed together (%s: %s), each goes alone", len(chunk), type(raised), raised)
            for one in halted:
                self._advance([one])

    def _step(self, group: Sequence[Optimization]) -> None:
        """Those of a group that go at once, then those behind them."""
        rest = list(group)
        while rest:
            room = rows = self._rows(sum(one.rows for one in rest))
            first = rest[0]
            if first in self._begun or first.rows > rows:
                self._pass(first, rows)
                del rest[0]
                continue
            part: list[Optimization] = []
            while rest and rest[0].rows <= room:
                room -= rest[0].rows
                part.append(rest.pop(0))
            with self._within(first):
                advance(part, self.network.preprocessing, Filled(self._extract, rows))

    def _rows(self, wanted: int) -> int:
        """How many rows go through the network at once, where so many are to go."""
        # Passes of a network that draws are each picture's own.
        return min(wanted, self.limit) if self._draws else self._invariance.rows(wanted, self.limit)

    def _pass(self, one: Optimization, rows: int) -> None:
        """The next pass of a picture that takes many for a step."""
        if one not in self._begun:
            within = partial(self._within, one)
            arguments = self.network.preprocessing, Filled(self._extract, rows), rows, within
            self._begun[one] = advance_in_passes(one, *arguments), one.mark()
        if next(self._begun[one][0], "over"):
            del self._begun[one]

    def _groups(self, chunk: Sequence[Optimization]) -> Iterator[list[Optimization]]:
        """Those that go through the network together: all, where none of them shows in another."""
        if self._draws:  # what the network draws for one must not depend on others
            yield from ([optimization] for optimization in chunk)
        elif len({one.passage for one in chunk}) == 1 or self._invariance.mixes():
            yield list(chunk)
        else:
            passage = attrgetter("passage")
            yield from (list(group) for _, group in itertools.groupby(sorted(chunk, key=passage), key=passage))

    def _drawing(self, seed: int) -> AbstractContextManager[None]:
        """A pass of a network that draws at random is made in it."""
        return drawn_from(seed % 2**63, self.device) if self._draws else nullcontext()

    @contextmanager
    def _within(self, one: Optimization, first: int = 0) -> Iterator[None]:
        """A pass at the coming step of `one`, from its row `first` on, is made in it."""
        with self._drawing(one.recipe.seed + 1 + one.step + (first << 32)), self._overwriting():
            yield

    def _overwriting(self) -> AbstractContextManager[object]:
        """Where a network may write over what its own gradient needs, torch keeps that."""
        return allow_mutation_on_saved_tensors() if self._overwrites else nullcontext()

    def _read_exactly(self, pictures: Tensor) -> dict[str, Reading]:
        """One picture at a time: what is told of it depends neither on others nor on memory."""
        return together(
            [
                read_untouched(self.network, self.network.preprocessing(part.to(self.device)), self.layers)
                for part in torch.split(pictures, 1)
            ]
        )
