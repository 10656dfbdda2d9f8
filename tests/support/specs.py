"""The smallest specification of every objective."""

from __future__ import annotations

from typing import Any

from featurelens.jobs.spec.objectives import NEEDS
from featurelens.jobs.spec.visualization import VisualizationSpec

PHOTO = "sha256:" + "0" * 64
LEAST: dict[str, dict[str, Any]] = {
    "channel": {},
    "neuron": {},
    "layer": {},
    "class": {"label": 3},
    "direction": {"seed": 0},
    "joint": {"terms": [{"layer": "l", "channel": 0}]},
    "interpolation": {"channel": 1},
    "diversity": {},
    "caricature": {"photo": PHOTO},
    "inversion": {"photo": PHOTO},
    "accentuation": {"photo": PHOTO},
}
"""The fields that each objective cannot do without."""
KINDS = list(LEAST)
PARAMETERIZATIONS = ("fourier", "pixel", "laplacian", "maco", "cppn")
UNIT: dict[str, Any] = {"layer": "l", "channel": 0}


def spec(kind: str, /, objective: dict[str, Any] | None = None, **fields: Any) -> VisualizationSpec:
    """The smallest of its kind, with what is given on top; a field that is None is left out."""
    given = {name: UNIT[name] for name in NEEDS[kind]} | {
        "objective": {"type": kind, **LEAST[kind], **(objective or {})}
    }
    given |= fields
    return VisualizationSpec.model_validate({"model": "m"} | {k: v for k, v in given.items() if v is not None})
