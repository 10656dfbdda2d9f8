"""One step of gradient ascent for pictures that share a forward pass."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from featurelens.engine import compositing
from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.extraction.rectifier import EXACT, Passage
from featurelens.engine.network import Preprocessing
from featurelens.engine.optimization import Optimization


def advance(chunk: Sequence[Optimization], preprocessing: Preprocessing, extract: Extractor, passage: Passage) -> None:
    """Advances every render by one step; one whose objective does not fit gets its `failure` and stays where it is.

    Only a gradient of exact `passage` proves that there is one.
    """
    # Neighbours with equal parameterizations are decoded in one go.
    renders = sorted(chunk, key=lambda render: hash(render.recipe.parameterization))
    for render in renders:
        for tensor in render.parameters:
            tensor.requires_grad_(True)
    decoded = compositing.decode(renders, renders[0].recipe.size)
    pictures = decoded.each
    for render, own in zip(renders, pictures, strict=True):
        if render.step in render.recipe.snapshots:
            render.snapshots[render.step] = channels_last(as_bytes(own.detach()))
    seen = compositing.look(renders, decoded, preprocessing.channels)
    priors = {render: _prior(render) for render in renders}
    with extract.statistics.recording() if any(priors.values()) else nullcontext():
        readings = extract(preprocessing(seen), passage)
    scores = _scores(renders, pictures, readings)
    distance = extract.statistics.distance() if any(priors.values()) else None
    alive = [(render, own) for render, own in zip(renders, pictures, strict=True) if render in scores]
    if not alive:
        return
    total = torch.stack([scores[render] for render, _ in alive]).sum()
    for render, own in alive:
        if render.recipe.regularizers.any:
            if _may_sleep(render, passage):
                # The penalty has a gradient of its own; whether the unit has one must be asked before.
                render.dormant = not _reached(torch.autograd.grad(scores[render], render.parameters, retain_graph=True))
            total = total - render.recipe.regularizers.penalty(own).sum()
    if distance is not None:
        total = total - distance @ _weights(renders, priors, scores)
    wanted = [[*render.parameters, *([own] if compositing.wants_mask(render) else [])] for render, own in alive]
    flat = iter(torch.autograd.grad(total, [tensor for tensors in wanted for tensor in tensors]))
    gradients = [list(itertools.islice(flat, len(tensors))) for tensors in wanted]
    for (render, _), slopes in zip(alive, gradients, strict=True):
        if compositing.wants_mask(render):
            slope = slopes.pop().abs().sum(1)
            render.mask = slope if render.mask is None else render.mask + slope
        if _may_sleep(render, passage) and not render.recipe.regularizers.any:
            render.dormant = not _reached(slopes)
        render.note(scores[render] / render.recipe.pictures)
    _step([render for render, _ in alive], gradients)
    for render, _ in alive:
        render.step += 1


def as_bytes(pictures: Tensor) -> Tensor:
    """[0, 1] -> uint8, rounded."""
    return (pictures * 255).round().clamp(0, 255).to(torch.uint8)


def channels_last(pixels: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, H, W, C) on the CPU."""
    return pixels.permute(0, 2, 3, 1).contiguous().cpu()


def _prior(render: Optimization) -> float:
    """The weight of the prior at this step; none until it is known that the unit itself has a gradient."""
    return render.recipe.regularizers.prior_at(render.step / max(1, render.recipe.steps)) if render.proven else 0.0


def _weights(
    renders: Sequence[Optimization], priors: Mapping[Optimization, float], scores: Mapping[Optimization, Tensor]
) -> Tensor:
    """(rows,): the prior's weight on each row, as a part of its render's own score; nothing on those that failed."""
    nothing = torch.zeros_like(next(iter(scores.values())))
    shares = [priors[render] / render.rows * scores.get(render, nothing).detach().abs() for render in renders]
    return torch.stack([share for render, share in zip(renders, shares, strict=True) for _ in range(render.rows)])


def _may_sleep(render: Optimization, passage: Passage) -> bool:
    """Asked at the first step, and again while no gradient has reached the picture: it makes everybody wait."""
    return passage == EXACT and not render.proven


def _reached(slopes: Sequence[Tensor]) -> bool:
    return any(bool(slope.any()) for slope in slopes)


def _scores(
    renders: Sequence[Optimization], pictures: Sequence[Tensor], readings: dict[str, Reading]
) -> dict[Optimization, Tensor]:
    """What each render climbs, summed over its pictures; one whose objective does not fit fails alone, without."""
    counts = [render.rows for render in renders]
    rows: dict[str, list[Reading]] = {}
    for layer, reading in readings.items():
        values = torch.split(reading.value, counts)
        befores = [None] * len(values) if reading.before is None else torch.split(reading.before, counts)
        rows[layer] = [Reading(value, before) for value, before in zip(values, befores, strict=True)]
    scores: dict[Optimization, Tensor] = {}
    for index, (render, own) in enumerate(zip(renders, pictures, strict=True)):
        try:
            seen = compositing.each_view({layer: rows[layer][index] for layer in rows}, render.recipe.pictures)
            answers = [render.objective.score(view) for view in seen]
            score = answers[0] if len(answers) == 1 else torch.stack(answers).mean(0)
        except torch.OutOfMemoryError:
            raise
        except (ValueError, IndexError, RuntimeError) as error:
            render.failure = error
            continue
        if compositing.is_transparent(own):
            # Where it is worth as much opaque as transparent, transparent wins (lucid: score * (1 - mean alpha)).
            score = score - score.detach().abs() * own[:, -1].mean((1, 2))
        scores[render] = score.sum()
    return scores


@torch.no_grad()
def _step(renders: Sequence[Optimization], gradients: Sequence[Sequence[Tensor]]) -> None:
    pairs = sorted(zip(renders, gradients, strict=True), key=lambda pair: hash(pair[0].recipe.optimizer))
    for optimizer, group in itertools.groupby(pairs, key=lambda pair: pair[0].recipe.optimizer):
        own, slopes = zip(*group, strict=True)
        optimizer.step(
            [render.parameters for render in own],
            slopes,
            [render.moments for render in own],
            [render.rate for render in own],
        )
