"""What an objective refers to in a network, by any name people know it by."""

from __future__ import annotations

from typing import Protocol


class NamedLayer(Protocol):
    """A layer of the network."""

    @property
    def name(self) -> str:
        """Its own."""
        ...

    @property
    def channels(self) -> int:
        """How many units it has, counted from 0."""
        ...


class Names(Protocol):
    """Finds the layers, units and classes of one network (`jobs.catalog.unit_names`).

    What it does not find raises an `InvalidSpec` that tells what there is, at a JSON pointer into the request.
    """

    def layer(self, name: str | None, pointer: str) -> NamedLayer:
        """The layer of that name, which stands at `pointer`."""
        ...

    def unit(self, layer: str | None, channel: int, pointer: str) -> str:
        """The own name of the layer, which has the channel; both stand in what is at `pointer`."""
        ...

    def position(self, layer: str | None, x: int | None, y: int | None, pointer: str) -> None:
        """Checks that the layer may have column `x` and row `y`, which stand in what is at `pointer`; None is any."""
        ...

    def classes_layer(self, pointer: str) -> str:
        """The name of the layer whose channels are the classes; what wants classes stands at `pointer`."""
        ...

    def label(self, label: int | str, layer: NamedLayer, pointer: str) -> int:
        """The index of the class in the layer; `label` stands at `pointer`."""
        ...
