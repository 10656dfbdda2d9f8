"""One step of a picture that has more rows than go through the network at once: in passes, whose gradients are summed.

Every row passes twice. First without a gradient: from what all rows of a view answer come its score and its slope at
each answer, because objectives look at all pictures of a view together. Then once more, a few rows at a time, to carry
these slopes back. The sum is in the order of the views, as it is where all rows pass at once, so that cutting changes
no bit (see `lane`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from featurelens.engine import compositing
from featurelens.engine.batch_invariance import Filled
from featurelens.engine.extraction.hooks import Reading, together
from featurelens.engine.extraction.passage import Passages
from featurelens.engine.network import Preprocessing
from featurelens.engine.optimization import Optimization
from featurelens.engine.scoring import answered, climbed, no_way_back, summed
from featurelens.engine.spans import side_by_side
from featurelens.engine.step import any_slope, decode, may_sleep, move, penalty, prior

Within = Callable[[int], AbstractContextManager[object]]
"""From the first row of a pass to what the pass is made in."""

Slopes = dict[tuple[str, int], Tensor]
"""By layer and place in its `Reading`."""


def advance_in_passes(
    one: Optimization, preprocessing: Preprocessing, extract: Filled, rows: int, within: Within
) -> Iterator[None]:
    """As `step.advance` of `one`, `rows` at a time; stops after each pass or view, so that others can go in between.

    Its draws are made before the first stop, its parameters are moved after the last.
    """
    span = side_by_side([one])[0]
    own = decode(span)
    picture = own.detach().requires_grad_(True)
    views = compositing.Views(one, picture, preprocessing.channels)
    opaque = views.opaque.detach()
    weight = prior(one)
    passages = Passages.of([(span.passage, one.rows)])

    def answers(shown: Tensor, part: range) -> dict[str, Reading]:
        return climbed(span.passage, extract(preprocessing(views.look(shown, part)), passages))

    heard: list[dict[str, Reading]] = []
    for part in _parts(one.rows, rows):
        if heard:
            yield
        with within(part.start), torch.no_grad():
            heard.append(answers(opaque[views.pictures(part)], part))
    readings = together(heard)
    heard.clear()
    slopes: Slopes = {}
    said: list[Tensor] = []
    for view in _parts(one.rows, one.recipe.pictures):
        if said:
            yield
        said += _climbed(one, readings, view, slopes)
        if one.failure is not None:
            return
    del readings
    score = summed(one, said, picture)
    # Only transparency leads from here to the pictures themselves.
    gradient = torch.autograd.grad(score, picture)[0] if score.requires_grad else torch.zeros_like(picture)
    share = weight / one.rows * score.detach().abs()

    seen = torch.zeros_like(opaque)
    for part in _parts(one.rows, rows):
        yield
        with within(part.start):
            shown = opaque[views.pictures(part)].requires_grad_(True)
            with extract.statistics.recording() if weight else nullcontext():
                back = _back(answers(shown, part), slopes, part)
            distance = extract.statistics.distance() if weight else None
            if distance is not None:
                back.append((distance, -share.expand_as(distance)))
            if not back:
                one.failure = no_way_back(one)
                return
            carried = torch.autograd.grad([end for end, _ in back], shown, [slope for _, slope in back])[0]
        for row, slope in zip(views.pictures(part), carried, strict=True):
            seen[row] += slope
    gradient = gradient + torch.autograd.grad(views.opaque, picture, seen)[0]

    scores = score.detach().reshape(1)
    reached: Tensor | None = None
    if one.recipe.regularizers.any:
        if may_sleep(one):
            reached = any_slope(torch.autograd.grad(own, span.leaves, gradient, retain_graph=True), 1)
        gradient = gradient - torch.autograd.grad(penalty(span, picture, scores), picture)[0]
    gradients = torch.autograd.grad(own, span.leaves, gradient)
    move(span, [*gradients, *([gradient] if compositing.wants_mask(span) else [])], scores, reached)


def _parts(count: int, rows: int) -> Iterator[range]:
    return (range(first, min(first + rows, count)) for first in range(0, count, rows))


def _climbed(one: Optimization, readings: Mapping[str, Reading], view: range, slopes: Slopes) -> list[Tensor]:
    """What is climbed of one view, alone in a list, and into `slopes` its slope at every answer, as a part of the mean.

    Nothing where the objective does not fit; then that is the failure of `one`.
    """
    leaves = {
        (layer, at): value[view.start : view.stop].detach().requires_grad_(True)
        for layer, reading in readings.items()
        for at, value in enumerate(reading)
        if value is not None
    }
    shown = {layer: Reading(leaves[layer, 0], leaves.get((layer, 1))) for layer in readings}
    answers = answered(one, [shown])
    if not answers:
        return []
    said = answers[0]
    part = torch.full_like(said, one.recipe.pictures / one.rows)
    found = torch.autograd.grad(said, list(leaves.values()), part, allow_unused=True, materialize_grads=True)
    for (layer, at), slope in zip(leaves, found, strict=True):
        value = readings[layer][at]
        assert value is not None
        if (layer, at) not in slopes:
            slopes[layer, at] = torch.empty_like(value)
        slopes[layer, at][view.start : view.stop] = slope
    return [said.detach()]


def _back(answers: Mapping[str, Reading], slopes: Slopes, part: range) -> list[tuple[Tensor, Tensor]]:
    """Those answers of some rows that have a gradient, with the slope to carry back."""
    return [
        (value, slopes[layer, at][part.start : part.stop])
        for layer, reading in answers.items()
        for at, value in enumerate(reading)
        if value is not None and value.requires_grad
    ]
