"""A specification is taken exactly or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from featurelens.jobs.spec.base import MAX_SIZE
from featurelens.jobs.spec.visualization import MAX_STEPS, VisualizationSpec

GOOD: dict[str, Any] = {"model": "m", "layer": "l", "channel": 0}


def test_defaults() -> None:
    spec = VisualizationSpec.model_validate(GOOD)
    assert (spec.sign, spec.steps, spec.size, spec.seed) == ("positive", 128, None, 0)


@pytest.mark.parametrize(("given", "taken"), [(64, (64, 64)), ([64, 96], (64, 96)), ((64, 96), (64, 96)), (None, None)])
def test_sizes(given: object, taken: object) -> None:
    assert VisualizationSpec.model_validate({**GOOD, "size": given}).size == taken


@pytest.mark.parametrize(
    "change",
    [
        {"unknown": 1},
        {"channel": -1},
        {"channel": True},
        {"channel": 1.0},
        {"channel": "1"},
        {"channel": float("nan")},
        {"channel": None},
        {"steps": 0},
        {"steps": MAX_STEPS + 1},
        {"steps": float("inf")},
        {"sign": "Positive"},
        {"size": MAX_SIZE + 1},
        {"size": [64]},
        {"size": [64, 64, 64]},
        {"size": True},
        {"size": [True, 64]},
        {"size": "64"},
        {"seed": -1},
        {"seed": 2**32},
        {"model": ""},
        {"model": "a\nb"},
        {"layer": "x" * 201},
        {"layer": 3},
    ],
)
def test_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        VisualizationSpec.model_validate({**GOOD, **change})


def test_frozen() -> None:
    spec = VisualizationSpec.model_validate(GOOD)
    with pytest.raises(ValidationError):
        spec.channel = 1  # type: ignore[misc]


@pytest.mark.parametrize("given", [{"kind": "pixel"}, {}, "pixel", 3], ids=str)
@pytest.mark.parametrize(
    ("part", "some"), [("parameterization", "fourier, pixel, laplacian"), ("objective", "channel, neuron, layer")]
)
def test_a_part_without_its_type_is_told_all_types(part: str, some: str, given: object) -> None:
    with pytest.raises(ValidationError, match=f'an object with a "type", one of {some}') as caught:
        VisualizationSpec.model_validate({**GOOD, part: given})
    assert [error["loc"] for error in caught.value.errors()] == [(part,)]
