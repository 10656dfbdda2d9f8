"""The smallest specification of every objective."""

from __future__ import annotations

from typing import Any, get_args

from featurelens.jobs.spec.base import type_name
from featurelens.jobs.spec.objective_spec import ObjectiveSpec
from featurelens.jobs.spec.objectives import Objective
from featurelens.jobs.spec.parameterizations import Parameterization, ParameterizationSpec
from featurelens.jobs.spec.visualization import VisualizationSpec


def members(union: Any) -> dict[str, Any]:
    """The classes of an annotated union by their `type`."""
    return {type_name(part): part for part in get_args(get_args(union)[0])}


OBJECTIVES: dict[str, type[ObjectiveSpec]] = members(Objective)
PARAMETERIZATIONS: dict[str, type[ParameterizationSpec]] = members(Parameterization)
PHOTO = "sha256:" + "0" * 64
LEAST: dict[str, dict[str, Any]] = {
    "class": {"label": 3},
    "direction": {"seed": 0},
    "joint": {"terms": [{"layer": "l", "channel": 0}]},
    "interpolation": {"channel": 1},
    "caricature": {"photo": PHOTO},
    "inversion": {"photo": PHOTO},
    "accentuation": {"photo": PHOTO},
}
"""The fields that objectives cannot do without."""
KINDS = list(OBJECTIVES)
UNIT: dict[str, Any] = {"layer": "l", "channel": 0}


def spec(kind: str, /, objective: dict[str, Any] | None = None, **fields: Any) -> VisualizationSpec:
    """The smallest of its kind, with what is given on top; a field that is None is left out."""
    given = {name: UNIT[name] for name in OBJECTIVES[kind].needs} | {
        "objective": {"type": kind, **LEAST.get(kind, {}), **(objective or {})}
    }
    given |= fields
    return VisualizationSpec.model_validate({"model": "m"} | {k: v for k, v in given.items() if v is not None})
