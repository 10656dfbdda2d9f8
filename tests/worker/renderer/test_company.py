"""Whoever is in the lane, a picture is the same file: every objective, every parameterization, with the defaults."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
import torch
from torch import nn

from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.optimization import Optimization, Recipe
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.renderer.recipes import recipe
from tests.support.lanes import finish
from tests.support.recipes import LAYER, OTHER, asked, photograph
from tests.support.small_networks import network, seeded
from tests.support.specs import KINDS, OBJECTIVES, PARAMETERIZATIONS

SIZE = (33, 47)
"""Of an odd number of pixels: the last of them are computed otherwise than the others."""
STEPS = 64


def shrinking() -> nn.Sequential:
    """Layers "2" (8 channels) and "4" (12) of small maps, on which a single row is computed otherwise than several."""
    layers = nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2, padding=2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 12, 3, stride=2, padding=1),
        nn.ReLU(),
    )
    seeded(layers)
    return layers


def wanted() -> Iterator[VisualizationSpec]:
    for alpha in (False, True):
        opacity = {"alpha": True} if alpha else {}
        for kind in KINDS:
            yield asked(
                kind, parameterization={"type": "fourier", **opacity}, size=list(SIZE), steps=STEPS, seed=len(kind)
            )
        for name in PARAMETERIZATIONS:
            if not (alpha and name == "maco"):
                for seed in (1, 2):
                    yield asked(parameterization={"type": name, **opacity}, size=list(SIZE), steps=STEPS, seed=seed)
    for kind in KINDS:
        if OBJECTIVES[kind].has_negative:
            yield asked(kind, sign="negative", size=list(SIZE), steps=STEPS)
    yield asked(optimizer={"type": "gradient"}, size=list(SIZE), steps=STEPS)
    yield asked(transform={"views": 3}, size=list(SIZE), steps=STEPS)


def digest(lane: Lane, one: Optimization) -> str:
    assert one.failure is None, one.failure
    result = lane.result(one)
    told = repr((result.measures, result.curve, result.warnings))
    return hashlib.sha256(result.pixels.numpy().tobytes() + told.encode()).hexdigest()


def in_company(net: Network, recipes: Sequence[Recipe], dtype: torch.dtype, limit: int) -> list[str]:
    """They come one by one, a few steps apart, in some order; some others leave before they are finished."""
    lane = Lane(net, [LAYER, OTHER], SIZE, dtype=dtype, limit=limit)
    chance = random.Random(limit)
    order = list(range(len(recipes)))
    chance.shuffle(order)
    joined: dict[int, Optimization] = {}
    for index in order:
        joined[index] = lane.join(recipes[index])
        visitor = lane.join(replace(recipes[order[0]], seed=1000 + index))
        for _ in range(chance.randrange(4)):
            lane.tick()
        if visitor in lane.optimizations:
            lane.leave(visitor)
    finish(lane)
    return [digest(lane, joined[index]) for index in range(len(recipes))]


@pytest.mark.parametrize(("dtype", "limit"), [(torch.float32, 24), (torch.bfloat16, 5)], ids=["float32", "bfloat16"])
def test_alone_and_in_any_company_it_is_the_same_file(dtype: torch.dtype, limit: int) -> None:
    net = replace(network(shrinking()), channels={LAYER: 8, OTHER: 12})
    specs = list(wanted())
    recipes = [recipe(spec, net, lambda _: photograph()) for spec in specs]
    alone = []
    for one in recipes:
        lane = Lane(net, [LAYER, OTHER], SIZE, dtype=dtype, limit=limit)
        render = lane.join(one)
        finish(lane)
        alone.append(digest(lane, render))
    together = in_company(net, recipes, dtype, limit)
    different = [spec for spec, one, other in zip(specs, alone, together, strict=True) if one != other]
    assert not different, f"{len(different)} of {len(specs)}, the first: {different[0]}"
    assert len(set(alone)) > len(alone) - 4, "few of these are the same picture"
