"""What torch does only once is done before anybody waits for it."""

from __future__ import annotations

from featurelens.engine.network import Network
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.lanes import Lanes

STEPS = 2
"""The second step is the first with moments."""


def warm_up(network: Network, size: tuple[int, int], device: Device) -> None:
    """Makes the first steps of a picture of its classes and throws them away. Raises what the network raises."""
    assert network.classes_layer is not None
    lane = Lanes(device).get(network, (network.classes_layer,), size)
    picture = lane.join(Recipe(Channel(network.classes_layer, 0), size, steps=STEPS))
    while lane.optimizations:
        lane.tick()
    if picture.failure is not None:
        raise picture.failure
    lane.result(picture)
