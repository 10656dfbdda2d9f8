"""One step of a picture that has more rows than go through the network at once: in passes, whose gradients are summed.

Every row passes twice. First without a gradient: from what all rows answer come the score and its slope at each answer,
because objectives look at all pictures of a view together. Then once more, a few rows at a time, to carry these slopes
back. The sum is in the order of the views, as it is where all rows pass at once, so that cutting changes no more than
company does (see `lane`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from featurelens.engine import compositing
from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import Reading, together
from featurelens.engine.extraction.rectifier import Passage
from featurelens.engine.network import Preprocessing
from featurelens.engine.optimization import Optimization
from featurelens.engine.step import any_slope, climbed, decode, may_sleep, move, no_way_back, prior, score

Within = Callable[[int], AbstractContextManager[object]]
"""From the first row of a pass to what the pass is made in."""

Slopes = dict[tuple[str, int], Tensor]
"""By layer and place in its `Reading`."""


def advance_in_passes(
    one: Optimization, preprocessing: Preprocessing, extract: Extractor, passage: Passage, rows: int, within: Within
) -> Iterator[None]:
    """As `step.advance` of `one`, `rows` at a time; stops after each pass, so that others can go in between.

    Its draws are made before the first stop, its parameters are moved after the last.
    """
    own = decode([one]).each[0]
    picture = own.detach().requires_grad_(True)
    views = compositing.Views(one, picture, preprocessing.channels)
    opaque = views.opaque.detach()
    weight = prior(one)

    def answers(shown: Tensor, part: range) -> dict[str, Reading]:
        return climbed(extract(preprocessing(views.look(shown, part)), passage), passage)

    heard: list[dict[str, Reading]] = []
    for part in _parts(one.rows, rows):
        if heard:
            yield
        with within(part.start), torch.no_grad():
            heard.append(answers(opaque[views.pictures(part)], part))
    readings = together(heard)
    heard.clear()
    for reading in readings.values():
        for value in reading:
            if value is not None:
                value.requires_grad_(True)
    scores = score([one], [picture], readings)
    if one not in scores:
        return
    slopes, gradient = _slopes(scores[one], readings, picture)
    del readings
    share = weight / one.rows * float(scores[one].detach().abs()) if weight else 0.0

    seen = torch.zeros_like(opaque)
    for part in _parts(one.rows, rows):
        yield
        with within(part.start):
            shown = opaque[views.pictures(part)].requires_grad_(True)
            with extract.statistics.recording() if weight else nullcontext():
                back = _back(answers(shown, part), slopes, part)
            distance = extract.statistics.distance() if weight else None
            if distance is not None:
                back.append((distance, torch.full_like(distance, -share)))
            if not back:
                one.failure = no_way_back(one)
                return
            carried = torch.autograd.grad([end for end, _ in back], shown, [slope for _, slope in back])[0]
        for row, slope in zip(views.pictures(part), carried, strict=True):
            seen[row] += slope
    gradient = gradient + torch.autograd.grad(views.opaque, picture, seen)[0]

    reached: dict[Optimization, bool] = {}
    if one.recipe.regularizers.any:
        if may_sleep(one, passage):
            reached[one] = any_slope(torch.autograd.grad(own, one.parameters, gradient, retain_graph=True))
        penalty = one.recipe.regularizers.penalty(picture, scores[one] / one.recipe.pictures).sum()
        gradient = gradient - torch.autograd.grad(penalty, picture)[0]
    gradients = list(torch.autograd.grad(own, one.parameters, gradient))
    move([one], [[*gradients, *([gradient] if compositing.wants_mask(one) else [])]], reached, scores, passage)


def _parts(count: int, rows: int) -> Iterator[range]:
    return (range(first, min(first + rows, count)) for first in range(0, count, rows))


def _slopes(climb: Tensor, readings: Mapping[str, Reading], picture: Tensor) -> tuple[Slopes, Tensor]:
    """The slope of what is climbed at every answer, and at the pictures themselves (their transparency)."""
    leaves = {
        (layer, at): value
        for layer, reading in readings.items()
        for at, value in enumerate(reading)
        if value is not None
    }
    *found, own = torch.autograd.grad(climb, [*leaves.values(), picture], allow_unused=True, materialize_grads=True)
    return dict(zip(leaves, found, strict=True)), own


def _back(answers: Mapping[str, Reading], slopes: Slopes, part: range) -> list[tuple[Tensor, Tensor]]:
    """Those answers of some rows that have a gradient, with the slope to carry back."""
    return [
        (value, slopes[layer, at][part.start : part.stop])
        for layer, reading in answers.items()
        for at, value in enumerate(reading)
        if value is not None and value.requires_grad
    ]
