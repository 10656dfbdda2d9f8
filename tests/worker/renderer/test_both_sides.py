"""What can be asked for and what the engine can do are the same: nothing is on one side only."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from featurelens.engine import objectives, parameterizations
from featurelens.jobs.spec.parameterizations import Parameterization
from tests.support.recipes import asked, made
from tests.support.specs import OBJECTIVES, members

OBJECTIVE_EXAMPLES: list[tuple[str, dict[str, Any], type]] = [
    ("channel", {}, objectives.Channel),
    ("neuron", {}, objectives.Neuron),
    ("layer", {}, objectives.Layer),
    ("class", {}, objectives.Channel),
    ("class", {"value": "probability"}, objectives.Probability),
    ("direction", {}, objectives.Direction),
    ("joint", {}, objectives.Joint),
    ("interpolation", {}, objectives.Interpolation),
    ("diversity", {}, objectives.Diversity),
    ("caricature", {}, objectives.Caricature),
    ("inversion", {}, objectives.Inversion),
    ("accentuation", {}, objectives.Channel),
]
PARAMETERIZATION_EXAMPLES: list[tuple[str, dict[str, Any], type]] = [
    ("channel", {"type": "fourier"}, parameterizations.Fourier),
    ("channel", {"type": "fourier", "alpha": True}, parameterizations.Alpha),
    ("channel", {"type": "pixel"}, parameterizations.Pixel),
    ("channel", {"type": "laplacian"}, parameterizations.Laplacian),
    ("channel", {"type": "maco"}, parameterizations.MaCo),
    ("channel", {"type": "cppn"}, parameterizations.CPPN),
    ("interpolation", {"type": "fourier"}, parameterizations.Shared),
    ("accentuation", {"type": "fourier"}, parameterizations.Photograph),
]


def having(package: ModuleType, method: str) -> set[str]:
    """Names of the public classes of a package, exported or not, that have the method."""
    modules = [import_module(f"{package.__name__}.{module.name}") for module in pkgutil.iter_modules(package.__path__)]
    return {
        name
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and hasattr(value, method) and not name.startswith("_")
    }


@pytest.mark.parametrize(("kind", "given", "engine"), OBJECTIVE_EXAMPLES)
def test_an_objective_of_the_spec_is_one_of_the_engine(kind: str, given: dict[str, Any], engine: type) -> None:
    assert type(made(asked(kind, given)).objective) is engine


@pytest.mark.parametrize(("kind", "given", "engine"), PARAMETERIZATION_EXAMPLES)
def test_a_parameterization_of_the_spec_is_one_of_the_engine(kind: str, given: dict[str, Any], engine: type) -> None:
    assert type(made(asked(kind, parameterization=given)).parameterization) is engine


def test_no_objective_is_on_one_side_only() -> None:
    assert {kind for kind, _, _ in OBJECTIVE_EXAMPLES} == set(OBJECTIVES)
    reached = {engine.__name__ for _, _, engine in OBJECTIVE_EXAMPLES}
    assert reached == having(objectives, "score") - {"Objective"}
    assert reached <= set(objectives.__all__)


def test_no_parameterization_is_on_one_side_only() -> None:
    assert {given["type"] for _, given, _ in PARAMETERIZATION_EXAMPLES} == set(members(Parameterization))
    reached = {engine.__name__ for _, _, engine in PARAMETERIZATION_EXAMPLES}
    assert reached == having(parameterizations, "decode") - {"Parameterization"}
    assert reached <= set(parameterizations.__all__)


def test_an_objective_bound_to_one_parameterization_has_its_own() -> None:
    bound = {kind for kind, part in OBJECTIVES.items() if part.only_with}
    assert bound == {kind for kind, _, _ in PARAMETERIZATION_EXAMPLES} - {"channel"}
