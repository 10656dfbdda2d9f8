"""A lane: all pictures in progress that share one forward pass, advanced together one step a tick.

Pictures join and leave between ticks, as requests do in continuous batching of language models; nobody waits for a
batch to fill or to finish. Each keeps its own parameters, moments, random draws and objective, so its result does not
depend on who shares the lane, beyond rounding (tolerances: tests/worker/engine/test_lane.py).
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence

import torch
from torch import Tensor

from worker.engine.forward import Reading
from worker.engine.graph import Extractor
from worker.engine.network import Network
from worker.engine.parameterizations import Size
from worker.engine.render import Recipe, Render, Result
from worker.engine.transforms import resample

log = logging.getLogger(__name__)


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
        self.size = size
        self.limit = limit
        self.device = torch.device(device)
        self.renders: list[Render] = []
        self._extract = Extractor(network, layers, follow=True, dtype=dtype, device=device)
        self._exact: Extractor | None = self._extract if dtype == torch.float32 else None

    def join(self, recipe: Recipe) -> Render:
        """Starts a picture at the next tick. Raises ValueError when it does not belong in this lane."""
        if recipe.size != self.size or not set(recipe.objective.layers) <= set(self._extract.layers):
            raise ValueError("this recipe belongs in another lane: other size or layers")
        if recipe.parameterization.channels != self.network.preprocessing.channels:
            raise ValueError(f"{self.network.name} takes pictures of {self.network.preprocessing.channels} channels")
        render = Render(recipe, self.device)
        self.renders.append(render)
        return render

    def leave(self, render: Render) -> None:
        """Takes a picture out, finished or not; its place is free at the next tick."""
        self.renders.remove(render)

    def tick(self) -> list[Render]:
        """One optimization step for the next `limit` pictures. Returns those finished or failed; they have left."""
        chunk, rest = self.renders[: self.limit], self.renders[self.limit :]
        try:
            self._advance(chunk)
        except torch.OutOfMemoryError:
            if len(chunk) == 1:
                raise
            self.limit = len(chunk) // 2
            log.warning("out of memory with %d pictures at once, going on with %d", len(chunk), self.limit)
            torch.cuda.empty_cache()
            return []
        done = [render for render in chunk if render.finished or render.failure]
        self.renders = rest + [render for render in chunk if not (render.finished or render.failure)]
        return done

    def result(self, render: Render) -> Result:
        """The picture as it stands, rounded to 8 bits, with what the network answers to exactly that in float32."""
        if self._exact is None:
            self._exact = Extractor(self.network, self._extract.layers, follow=True, device=self.device)
        with torch.no_grad():
            pictures = _decode([render], self.size)
            pixels = (pictures * 255).round().to(torch.uint8)
            inputs = self.network.preprocessing(pixels.float() / 255)
            measures = render.recipe.objective.measure(self._exact(inputs))
        return Result(
            pixels=pixels.permute(0, 2, 3, 1).contiguous().cpu(),
            measures={name: value.float().cpu().tolist() for name, value in measures.items()},
            curve=render.curve(),
        )

    def _advance(self, chunk: Sequence[Render]) -> None:
        # Neighbours with equal parameterizations are decoded in one go.
        renders = sorted(chunk, key=lambda render: hash(render.recipe.parameterization))
        for render in renders:
            for tensor in render.parameters:
                tensor.requires_grad_(True)
        pictures = _decode(renders, self.size)
        affine = torch.cat([r.recipe.transform.draw(self.size, 1, r.generator) for r in renders])
        inputs = self.network.preprocessing(resample(pictures, affine.to(self.device, non_blocking=True)))
        scores = _scores(renders, self._extract(inputs))
        alive = [render for render in renders if render.failure is None]
        parameters = [tensor for render in alive for tensor in render.parameters]
        gradients = iter(torch.autograd.grad(torch.stack(scores).sum(), parameters)) if alive else iter(())
        with torch.no_grad():
            _step(alive, [list(itertools.islice(gradients, len(render.parameters))) for render in alive])
        for render, score in zip(alive, scores, strict=True):
            render.note(score)
            render.step += 1


def _decode(renders: Sequence[Render], size: Size) -> Tensor:
    """(pictures, C, H, W) in [0, 1], in the order of `renders`, which has equal parameterizations side by side."""
    pictures = []
    for parameterization, group in itertools.groupby(renders, key=lambda render: render.recipe.parameterization):
        stacked = zip(*(render.parameters for render in group), strict=True)
        pictures.append(parameterization.decode(tuple(torch.stack(tensors) for tensors in stacked), size))
    return torch.cat(pictures)


def _scores(renders: Sequence[Render], readings: dict[str, Reading]) -> list[Tensor]:
    """The score of every render; one whose objective does not fit the layer fails alone and has no score."""
    rows: dict[str, list[Reading]] = {}
    for layer, reading in readings.items():
        values = torch.split(reading.value, 1)
        befores = [None] * len(values) if reading.before is None else torch.split(reading.before, 1)
        rows[layer] = [Reading(value, before) for value, before in zip(values, befores, strict=True)]
    scores = []
    for index, render in enumerate(renders):
        try:
            scores.append(render.recipe.objective.score({layer: rows[layer][index] for layer in rows}).sum())
        except (ValueError, IndexError) as error:
            render.failure = error
    return scores


def _step(renders: Sequence[Render], gradients: Sequence[Sequence[Tensor]]) -> None:
    pairs = sorted(zip(renders, gradients, strict=True), key=lambda pair: hash(pair[0].recipe.optimizer))
    for optimizer, group in itertools.groupby(pairs, key=lambda pair: pair[0].recipe.optimizer):
        own, slopes = zip(*group, strict=True)
        optimizer.step(
            [render.parameters for render in own],
            slopes,
            [render.moments for render in own],
            [render.recipe.rate for render in own],
        )
