"""Pictures in one call, for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Sequence

from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.objectives import Objective
from featurelens.engine.optimization import Recipe, Rendering
from featurelens.engine.parameterizations import Fourier, Size
from featurelens.engine.precision import best_device, best_dtype


def render(
    network: Network,
    asked: Sequence[Objective | Recipe],
    size: Size = (224, 224),
    steps: int = 128,
    device: str = "auto",
) -> list[Rendering]:
    """Makes all of them, those that read the same layers at the same size in one lane; in the order asked.

    A plain objective gets the default recipe at `size` (height, width) with `steps` steps. Raises what a lane raises:
    KeyError for an unknown layer, ValueError for an objective that does not fit it.
    """
    where = best_device(device)
    plain = Fourier(channels=network.preprocessing.channels)
    recipes = [one if isinstance(one, Recipe) else Recipe(one, size, steps, parameterization=plain) for one in asked]
    lanes: dict[tuple[tuple[str, ...], Size], Lane] = {}
    places = []
    for recipe in recipes:
        key = (recipe.objective.layers, recipe.size)
        if key not in lanes:
            lanes[key] = Lane(network, key[0], key[1], dtype=best_dtype(where), device=where)
        places.append((lanes[key], lanes[key].join(recipe)))
    for lane in lanes.values():
        while lane.optimizations:
            lane.tick()
    for _, one in places:
        if one.failure is not None:
            raise one.failure
    return [lane.result(one) for lane, one in places]
