"""Feature visualizations: pictures of what a unit of a neural network responds to.

``from featurelens import render`` makes pictures without any server. What needs torch is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from featurelens.engine import Network, Preprocessing, Recipe, Rendering, render

__all__ = ["Network", "Preprocessing", "Recipe", "Rendering", "render"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("featurelens.engine"), name)
