"""One step of gradient ascent for pictures that share a forward pass."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from featurelens.engine import compositing
from featurelens.engine.batch_invariance import Filled
from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.extraction.passage import EXACT, Passages
from featurelens.engine.memory import out_of_memory
from featurelens.engine.network import Preprocessing
from featurelens.engine.optimization import Optimization
from featurelens.engine.waking import PUSH


def advance(chunk: Sequence[Optimization], preprocessing: Preprocessing, extract: Filled) -> None:
    """Advances all by one step; one whose objective does not fit gets its `failure` and stays where it is.

    Only a gradient of exact passage proves that there is one. A step of redirected gradients climbs the
    pre-activation and is not counted: it is help for what is dormant (see `waking`).
    """
    # Neighbours whose gradients pass alike are walked through at once, with equal parameterizations decoded in one go.
    optimizations = sorted(chunk, key=lambda one: (one.passage, hash(one.recipe.parameterization)))
    passages = Passages.of((one.passage, one.rows) for one in optimizations)
    decoded = decode(optimizations)
    pictures = decoded.each
    seen = compositing.present(optimizations, decoded, preprocessing.channels)
    priors = {one: prior(one) for one in optimizations}
    with extract.statistics.recording() if any(priors.values()) else nullcontext():
        readings = extract(preprocessing(seen), passages)
    scores = score(optimizations, pictures, readings)
    distance = extract.statistics.distance() if any(priors.values()) else None
    alive = [(one, own) for one, own in zip(optimizations, pictures, strict=True) if one in scores]
    if not alive:
        return
    reached: dict[Optimization, bool] = {}
    total = torch.stack([scores[one] for one, _ in alive]).sum()
    for one, own in alive:
        if one.recipe.regularizers.any:
            if may_sleep(one):
                # The penalty has a gradient of its own; whether the unit has one must be asked before.
                reached[one] = any_slope(torch.autograd.grad(scores[one], one.parameters, retain_graph=True))
            total = total - one.recipe.regularizers.penalty(own, scores[one] / one.recipe.pictures).sum()
    if distance is not None:
        total = total - distance @ _weights(optimizations, priors, scores)
    wanted = [[*one.parameters, *([own] if compositing.wants_mask(one) else [])] for one, own in alive]
    flat = iter(torch.autograd.grad(total, [tensor for tensors in wanted for tensor in tensors]))
    gradients = [list(itertools.islice(flat, len(tensors))) for tensors in wanted]
    move([one for one, _ in alive], gradients, reached, scores)


def decode(optimizations: Sequence[Optimization]) -> compositing.Pictures:
    """Their pictures, from parameters that take gradients; those whose step is a snapshot's are kept."""
    for one in optimizations:
        for tensor in one.parameters:
            tensor.requires_grad_(True)
    decoded = compositing.decode(optimizations, optimizations[0].recipe.size)
    for one, own in zip(optimizations, decoded.each, strict=True):
        if one.step in one.recipe.snapshots and one.step not in one.snapshots:
            one.snapshots[one.step] = channels_last(as_bytes(own.detach()))
    return decoded


def move(
    optimizations: Sequence[Optimization],
    gradients: Sequence[list[Tensor]],
    reached: Mapping[Optimization, bool],
    scores: Mapping[Optimization, Tensor],
) -> None:
    """One step along `gradients`: those of an optimization's parameters and, where it wants a mask, of its pictures.

    `reached` says of some whether their unit has a gradient, where that is not the gradient here.
    """
    moving: list[tuple[Optimization, list[Tensor]]] = []
    for one, slopes in zip(optimizations, gradients, strict=True):
        passage = one.passage
        one.ticks += 1
        slope = slopes.pop().abs().sum(1) if compositing.wants_mask(one) else None
        if may_sleep(one) and not one.test(reached[one] if one in reached else any_slope(slopes)):
            continue
        if passage.redirect:
            _push(one, slopes)
            continue
        moving.append((one, slopes))
        if slope is not None:
            one.mask = slope if one.mask is None else one.mask + slope
        one.note(scores[one] / one.recipe.pictures)
    _step(moving)
    for one, _ in moving:
        one.step += 1


def as_bytes(pictures: Tensor) -> Tensor:
    """[0, 1] -> uint8, rounded."""
    return (pictures * 255).round().clamp(0, 255).to(torch.uint8)


def channels_last(pixels: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, H, W, C) on the CPU."""
    return pixels.permute(0, 2, 3, 1).contiguous().cpu()


def climbed(one: Optimization, readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """What its objective is told: where gradients are redirected, what stood before rectification."""
    if not one.passage.redirect:
        return dict(readings)
    return {name: Reading(value if before is None else before) for name, (value, before) in readings.items()}


def prior(one: Optimization) -> float:
    """The weight of the prior at this step; none until it is known that the unit itself has a gradient."""
    return one.recipe.regularizers.prior_at(one.progress) if one.proven else 0.0


def _weights(
    optimizations: Sequence[Optimization], priors: Mapping[Optimization, float], scores: Mapping[Optimization, Tensor]
) -> Tensor:
    """(rows,): the prior's weight on each row, as a part of its render's own score; nothing on those that failed."""
    nothing = torch.zeros_like(next(iter(scores.values())))
    shares = [priors[one] / one.rows * scores.get(one, nothing).detach().abs() for one in optimizations]
    return torch.stack([share for one, share in zip(optimizations, shares, strict=True) for _ in range(one.rows)])


def may_sleep(one: Optimization) -> bool:
    """Asked at the first step, and again while no gradient has reached the picture: it makes everybody wait."""
    return one.passage == EXACT and not one.proven


def any_slope(slopes: Sequence[Tensor]) -> bool:
    return any(bool(slope.any()) for slope in slopes)


def score(
    optimizations: Sequence[Optimization], pictures: Sequence[Tensor], readings: dict[str, Reading]
) -> dict[Optimization, Tensor]:
    """What each climbs, summed over its pictures; one whose objective does not fit fails alone, without."""
    counts = [one.rows for one in optimizations]
    rows: dict[str, list[Reading]] = {}
    for layer, reading in readings.items():
        values = torch.split(reading.value, counts)
        befores = [None] * len(values) if reading.before is None else torch.split(reading.before, counts)
        rows[layer] = [Reading(value, before) for value, before in zip(values, befores, strict=True)]
    scores: dict[Optimization, Tensor] = {}
    for index, (one, own) in enumerate(zip(optimizations, pictures, strict=True)):
        told = climbed(one, {layer: rows[layer][index] for layer in rows})
        seen = compositing.each_view(told, one.recipe.pictures)
        answers = answered(one, seen)
        if answers:
            scores[one] = summed(one, answers, own)
    return scores


def answered(one: Optimization, views: Iterable[dict[str, Reading]]) -> list[Tensor]:
    """What is climbed of each view; nothing where the objective does not fit, which then is the failure of `one`."""
    try:
        answers = [one.objective.score(view) for view in views]
    except (ValueError, IndexError, RuntimeError) as error:
        if out_of_memory(error):
            raise
        one.failure = error
        return []
    if not any(answer.requires_grad for answer in answers):
        one.failure = no_way_back(one)
        return []
    return answers


def summed(one: Optimization, answers: Sequence[Tensor], own: Tensor) -> Tensor:
    """What is climbed, from that of each view: its mean, summed over the pictures `own`."""
    climb = answers[0] if len(answers) == 1 else torch.stack(list(answers)).mean(0)
    if one.recipe.parameterization.transparent:
        # Where it is worth as much opaque as transparent, transparent wins (lucid: score * (1 - mean alpha)).
        climb = climb - climb.detach().abs() * own[:, -1].mean((1, 2))
    return climb.sum()


def no_way_back(one: Optimization) -> ValueError:
    """The failure of an optimization whose layers answer without regard to the picture."""
    return ValueError(f"no gradient leads from {', '.join(one.objective.layers)} to the picture")


@torch.no_grad()
def _push(one: Optimization, slopes: Sequence[Tensor]) -> None:
    """A step of help: all that has a slope worth the name moves alike. An optimizer would do the same to what rounding
    leaves where there is none, and that is another in each company.
    """
    steepest = torch.stack([slope.abs().amax() for slope in slopes]).amax()
    for tensor, slope in zip(one.parameters, slopes, strict=True):
        tensor += PUSH * one.rate * slope / (slope.abs() + 0.1 * steepest).clamp(min=1e-30)
    one.waking.helped()


@torch.no_grad()
def _step(moving: Sequence[tuple[Optimization, Sequence[Tensor]]]) -> None:
    pairs = sorted(moving, key=lambda pair: hash(pair[0].recipe.optimizer))
    for optimizer, group in itertools.groupby(pairs, key=lambda pair: pair[0].recipe.optimizer):
        own, slopes = zip(*group, strict=True)
        optimizer.step(
            [one.parameters for one in own],
            slopes,
            [one.moments for one in own],
            [one.rate for one in own],
        )
