"""What pictures score, read off what the layers said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from featurelens.engine import compositing
from featurelens.engine.extraction.hooks import Reading
from featurelens.engine.extraction.passage import Passage
from featurelens.engine.memory import out_of_memory
from featurelens.engine.objectives import rowwise
from featurelens.engine.optimization import Optimization
from featurelens.engine.spans import Span


def score(span: Span, pictures: Tensor, readings: Mapping[str, Reading]) -> Tensor:
    """(n,): what each climbs, summed over its pictures; 0 for one whose objective does not fit, which fails alone."""
    told = climbed(span.passage, readings)
    at_once = _at_once(span, told)
    if at_once is not None:
        return at_once
    scores = []
    parts = rows_apart(told, [one.rows for one in span.members])
    for one, own, part in zip(span.members, compositing.each_picture(span, pictures), parts, strict=True):
        answers = answered(one, compositing.each_view(part, one.recipe.pictures))
        scores.append(summed(one, answers, own) if answers else pictures.new_zeros(()))
    return torch.stack(scores)


def _at_once(span: Span, told: Mapping[str, Reading]) -> Tensor | None:
    """(n,), where the scores of all can be read in one go."""
    if not span.members[0].stacks or span.recipe.parameterization.transparent:
        return None
    try:
        scores = rowwise.score([one.objective for one in span.members], told, span.numbers.units)
    except ValueError:  # asked one by one, each is told what does not fit
        return None
    return scores if scores is not None and scores.requires_grad else None


def rows_apart(readings: Mapping[str, Reading], counts: Sequence[int]) -> list[dict[str, Reading]]:
    """What was said to so many rows, and to the next, and to the next."""
    if len(counts) == 1:
        return [dict(readings)]
    parts: list[dict[str, Reading]] = [{} for _ in counts]
    for layer, (value, before) in readings.items():
        values = torch.split(value, list(counts))
        befores = [None] * len(values) if before is None else torch.split(before, list(counts))
        for part, own, own_before in zip(parts, values, befores, strict=True):
            part[layer] = Reading(own, own_before)
    return parts


def climbed(passage: Passage, readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """What objectives are told: where gradients are redirected, what stood before rectification."""
    if not passage.redirect:
        return dict(readings)
    return {name: Reading(value if before is None else before) for name, (value, before) in readings.items()}


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
