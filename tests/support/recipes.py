"""Recipes for a small network, from every kind of specification."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PIL import Image

from featurelens.engine.network import Network
from featurelens.engine.optimization import Recipe
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.renderer.recipes import recipe
from tests.support.photographs import encoded
from tests.support.small_networks import network, stack
from tests.support.specs import PHOTO, spec

SIZE = (32, 40)
LAYER, OTHER = "2", "4"
PUT: dict[str, dict[str, Any]] = {
    "joint": {"terms": [{"layer": LAYER, "channel": 0}, {"layer": OTHER, "channel": 1, "sign": "negative", "x": 3}]},
    "interpolation": {"channel": 1, "layer": OTHER, "pictures": 3},
}


def photograph(width: int = 60, height: int = 50, mode: str = "RGB") -> bytes:
    return encoded(Image.effect_noise((width, height), 80).convert(mode))


def asked(kind: str = "channel", objective: dict[str, Any] | None = None, **fields: Any) -> VisualizationSpec:
    """Resolved, as the renderer gets it."""
    made = spec(kind, {**PUT.get(kind, {}), **(objective or {})}, **{"steps": 2, "size": list(SIZE), **fields})
    layer = LAYER if made.layer or kind == "class" else None
    return made.completed(layer=layer)


def taking(channels: int, **changes: Any) -> Network:
    """The small network for pictures of so many channels."""
    return replace(network(stack(channels), channels), channels={LAYER: 8, OTHER: 12}, **changes)


def made(wanted: VisualizationSpec, photo: bytes | None = None, channels: int = 3) -> Recipe:
    def find(digest: str) -> bytes:
        assert digest == PHOTO
        return photo or photograph()

    return recipe(wanted, taking(channels), find)
