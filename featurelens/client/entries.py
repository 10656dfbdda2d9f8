"""What the catalog tells: networks, layers, units. `data` has all that the service says, known here or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Model:
    """One network with one set of weights. `name` is canonical, ``source:architecture@weights``."""

    name: str
    aliases: tuple[str, ...]
    source: str
    downloaded: bool
    input_size: tuple[int, int]
    """Height and width in pixels."""
    description: str
    problem: str | None
    """Why its layers cannot be listed."""
    data: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def shown(self) -> str:
        """The name that people use: the first alias, if there is one."""
        return self.aliases[0] if self.aliases else self.name

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        height, width = told["input_size"]
        return cls(
            told["name"],
            tuple(told.get("aliases", ())),
            told["source"],
            told["downloaded"],
            (height, width),
            told.get("description", ""),
            told.get("problem"),
            told,
        )


@dataclass(frozen=True)
class Layer:
    """One place in a network where a value can be read."""

    name: str
    type: str
    kind: str
    """spatial, tokens or vector."""
    channels: int
    """How many units it has, counted from 0."""
    height: int | None
    width: int | None
    recommended: bool
    data: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The names of the classes, if this is their layer and `Client.layer` was asked for it."""
        labels = self.data.get("labels")
        return None if labels is None else tuple(labels)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        shape = told.get("height"), told.get("width")
        known = told["name"], told["type"], told["kind"], told["channels"]
        return cls(*known, *shape, told.get("recommended", False), told)


@dataclass(frozen=True)
class Unit:
    """One channel of a layer."""

    model: str
    layer: str
    channel: int
    address: str
    """``model/layer:channel``, as `visualize` takes it."""
    label: str | None
    """Of a class: its name."""
    visualizations: tuple[Mapping[str, Any], ...] = field(repr=False)
    """Its pictures that exist or are on their way, newest first."""
    data: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        known = told["model"], told["layer"], told["channel"], told["address"], told.get("label")
        return cls(*known, tuple(told.get("visualizations", ())), told)
