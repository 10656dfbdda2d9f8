"""What is asked of a fleet: sweeps of twelve layers, and single requests of some layers more than of others."""

from __future__ import annotations

import random

from benchmarks.routing.renderer import Request

LAYERS = 12
CHANNELS = 512
LANES = 120
"""Different lanes that single requests are of."""

ZIPF = 1.1
"""The k-th most frequent lane is asked for in proportion to k to the power of minus this."""


def sweeps(number: int, within: float, seed: int) -> list[Request]:
    """`number` sweeps of `CHANNELS` pictures, each of another layer, in any order, asked for within some seconds."""
    draws = random.Random(seed)  # a simulation is repeated by its seed
    moments = sorted(draws.uniform(0, within) for _ in range(number))
    lanes = [f"network-{one // LAYERS}/layer-{one % LAYERS}" for one in range(number)]
    draws.shuffle(lanes)
    return [Request(lane, CHANNELS, True, moment) for lane, moment in zip(lanes, moments, strict=True)]


def small_sweeps(lanes: int, number: int, pictures: int, within: float) -> list[Request]:
    """Of each lane `number` sweeps of a few pictures, lanes in turn, evenly spread over some seconds."""
    between = within / (lanes * number)
    asked = [f"network-{one // LAYERS}/layer-{one % LAYERS}" for _ in range(number) for one in range(lanes)]
    return [Request(lane, pictures, True, turn * between) for turn, lane in enumerate(asked)]


def singles(rate: float, within: float, seed: int) -> list[Request]:
    """Single pictures as a Poisson process of `rate` a second, lanes by Zipf's law."""
    draws = random.Random(seed + 1)  # as above
    lanes = [f"network-{one // LAYERS}/layer-{one % LAYERS}" for one in range(LANES)]
    draws.shuffle(lanes)
    weights = [1 / (1 + one) ** ZIPF for one in range(LANES)]
    moment, asked = draws.expovariate(rate), []
    while moment < within:
        asked.append(Request(draws.choices(lanes, weights)[0], 1, False, moment))
        moment += draws.expovariate(rate)
    return asked
