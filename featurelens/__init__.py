"""Feature visualizations: pictures of what a unit of a neural network responds to.

``from featurelens import Client`` asks a service for them, ``from featurelens import render`` makes them here. What
needs httpx or torch is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from featurelens.client import AsyncClient, Client
    from featurelens.engine import Network, Preprocessing, Recipe, Rendering, render

__all__ = ["AsyncClient", "Client", "Network", "Preprocessing", "Recipe", "Rendering", "render"]

_CLIENTS = {"AsyncClient", "Client"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = "client" if name in _CLIENTS else "engine"
    try:
        return getattr(import_module(f"featurelens.{room}"), name)
    except ModuleNotFoundError as error:
        if room == "client" or error.name not in {"torch", "torchvision", "numpy", "safetensors"}:
            raise
        message = f"featurelens.{name} needs {error.name}: pip install 'featurelens[engine]'"
        raise ModuleNotFoundError(message, name=error.name) from None


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
