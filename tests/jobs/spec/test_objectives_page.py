"""docs/objectives.md says what is true: its examples are accepted, it names all there is, its sizes are the code's."""

from __future__ import annotations

import json
import re

import pytest

from featurelens.jobs.spec.base import MAX_SIZE, MIN_SIZE
from featurelens.jobs.spec.parameterizations import Parameterization
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.paths import ROOT
from tests.support.specs import OBJECTIVES, PHOTO, UNIT, members

PAGE = (ROOT / "docs" / "objectives.md").read_text()
ROWS = re.findall(r"^\| `(\{.+\})`.* \| ([a-z, ]*)\|$", PAGE, re.MULTILINE)
"""Objectives as they are asked for, and what they need."""


def test_every_objective_has_its_row() -> None:
    assert [json.loads(example)["type"] for example, _ in ROWS] == list(OBJECTIVES)


@pytest.mark.parametrize(("example", "needs"), ROWS)
def test_what_an_objective_needs_is_all_it_needs(example: str, needs: str) -> None:
    named = [name.strip() for name in needs.split(",") if name.strip()]
    objective = json.loads(example.replace("sha256:...", PHOTO))
    spec = VisualizationSpec.model_validate(
        {"model": "m", "objective": objective} | {name: UNIT[name] for name in named}
    )
    assert spec.objective.needs == set(named)


def test_every_parameterization_is_named() -> None:
    row = re.search(r"^\| `parameterization` \| (.+) \|$", PAGE, re.MULTILINE)
    assert row is not None
    assert set(members(Parameterization)) <= set(re.findall(r"`([a-z]+)`", row[1]))


def test_sizes() -> None:
    assert f"| `size` | {MIN_SIZE} to {MAX_SIZE}:" in PAGE
