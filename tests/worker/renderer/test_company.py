"""Whoever is in the lane, a picture is the same file: every objective, every parameterization, with the defaults."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.optimization import Optimization, Recipe
from featurelens.engine.precision import repeatable
from featurelens.worker.renderer.recipes import recipe
from tests.support.every_recipe import SIZE, digest, wanted
from tests.support.lanes import alone, finish
from tests.support.recipes import LAYER, OTHER, photograph
from tests.support.small_networks import network, stack


def in_company(
    net: Network, recipes: Sequence[Recipe], dtype: torch.dtype, limit: int, device: str = "cpu"
) -> list[str]:
    """They come one by one, a few steps apart, in some order; some others leave before they are finished."""
    lane = Lane(net, [LAYER, OTHER], SIZE, dtype=dtype, device=device, limit=limit)
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
    assert not [one.failure for one in joined.values() if one.failure is not None]
    return [digest(lane.result(joined[index])) for index in range(len(recipes))]


CARD = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")


@pytest.mark.parametrize(
    ("device", "dtype", "limit"),
    [
        pytest.param("cpu", torch.float32, 24, id="float32"),
        pytest.param("cpu", torch.bfloat16, 5, id="bfloat16"),
        pytest.param("cuda", torch.bfloat16, 64, id="card", marks=CARD),
    ],
)
def test_alone_and_in_any_company_it_is_the_same_file(device: str, dtype: torch.dtype, limit: int) -> None:
    repeatable(torch.device(device))
    # Of small maps, on which a single row is computed otherwise than several.
    net = replace(network(stack(stride=2)), channels={LAYER: 8, OTHER: 12})
    specs = list(wanted())
    recipes = [recipe(spec, net, lambda _: photograph()) for spec in specs]
    apart = [digest(alone(net, [LAYER, OTHER], one, dtype, limit, device)) for one in recipes]
    together = in_company(net, recipes, dtype, limit, device)
    different = [spec for spec, one, other in zip(specs, apart, together, strict=True) if one != other]
    assert not different, f"{len(different)} of {len(specs)}, the first: {different[0]}"
    assert len(set(apart)) > len(apart) - 4, "few of these are the same picture"


@CARD
def test_a_card_reaches_what_a_cpu_reaches() -> None:
    net = replace(network(stack(stride=2)), channels={LAYER: 8, OTHER: 12})
    for spec in wanted():
        one = recipe(spec, net, lambda _: photograph())
        card, host = (
            alone(net, [LAYER, OTHER], one, device=device).measures["activation"] for device in ("cuda", "cpu")
        )
        assert sum(card) == pytest.approx(sum(host), rel=0.1), spec
