"""What a picture is estimated to take."""

from __future__ import annotations

from typing import Any

import pytest

from featurelens.jobs.memory import estimate, scanned
from featurelens.jobs.spec.visualization import VisualizationSpec
from tests.support.catalog import ENTRY, LAYERS

PIXELS = 64 * 96
CONV1, CONV2 = 8 * 32 * 48, 16 * 16 * 24


def bytes_of(layer: str = "conv2", size: tuple[int, int] = (64, 96), **fields: Any) -> int:
    spec = VisualizationSpec.model_validate({"model": "tinynet", "layer": layer, "channel": 0, **fields})
    return estimate(spec.completed(size=size), ENTRY, LAYERS)


def test_exact_numbers() -> None:
    picture = 12 * 3 * PIXELS
    assert bytes_of("conv1") == 4 * (1.5 * CONV1 + 5 * CONV1 + picture)
    assert bytes_of("conv2") == 4 * (1.5 * (CONV1 + CONV2) + 5 * CONV2 + picture)
    views = bytes_of("conv2", transform={"views": 5})
    assert views == 4 * (1.5 * (CONV1 + CONV2) + 5 * 5 * CONV2 + picture), "only one of the rows passes at once"
    noisy = bytes_of("conv2", transform={"views": 5, "noise": 0.1})
    assert noisy == views + 4 * 5 * 3 * PIXELS


@pytest.mark.parametrize(
    ("more", "factor"),
    [
        ({"size": (128, 192)}, 4),
        ({"objective": {"type": "diversity", "pictures": 16}}, 10),
        ({"parameterization": {"type": "cppn"}}, 10),
        ({"transform": {"views": 16}}, 1.3),
    ],
)
def test_more_takes_more(more: dict[str, Any], factor: float) -> None:
    assert bytes_of(**more) >= factor * bytes_of()


def test_a_joint_objective_goes_as_deep_as_its_deepest_term() -> None:
    terms = [{"layer": "conv1", "channel": 0}, {"layer": "conv2", "channel": 0}]
    spec = VisualizationSpec.model_validate({"model": "tinynet", "objective": {"type": "joint", "terms": terms}})
    both = estimate(spec.completed(size=(64, 96)), ENTRY, LAYERS)
    assert both == 4 * (1.5 * (CONV1 + CONV2) + 5 * (CONV1 + CONV2) + 12 * 3 * PIXELS)


def test_tokens_keep_more() -> None:
    tokens = [layer.model_copy(update={"kind": "tokens"}) for layer in LAYERS]
    spec = VisualizationSpec.model_validate({"model": "tinynet", "layer": "conv1", "channel": 0}).completed(
        size=(64, 96)
    )
    assert estimate(spec, ENTRY, tokens) - estimate(spec, ENTRY, LAYERS) == 4 * CONV1


def test_of_a_scan_units_and_a_pass() -> None:
    """16 images pass at once, fewer of a network that is known to be large."""
    units, largest = 8 + 16, CONV1
    asked = scanned(["conv1", "conv2"], (64, 96), ENTRY, LAYERS)
    assert asked == (56 << 10) * units + 4 * 7.5 * 16 * largest
    assert scanned(["conv1", "conv2"], (128, 192), ENTRY, LAYERS) == (56 << 10) * units + 4 * 4 * 7.5 * 16 * largest
    large = ENTRY.model_copy(update={"parameters": 10**9})
    assert scanned(["conv1"], (64, 96), large, LAYERS) == (56 << 10) * 8 + 4 * 7.5 * 5 * largest
