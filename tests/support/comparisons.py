"""A comparison as the service asks for it, and what a renderer could say of it."""

from __future__ import annotations

from typing import Any

from featurelens.jobs.spec.comparison import ComparisonSpec
from tests.support import datasets
from tests.support.catalog import ENTRY
from tests.support.visualizations import KEY

SPEC = ComparisonSpec(
    model=ENTRY.name,
    visualization=KEY,
    layer="conv2",
    channel=3,
    sign="positive",
    others=["fv1_" + "4" * 64],
    photos=["sha256:" + "0" * 64, "sha256:" + "1" * 64],
    layers=["conv1", "conv2"],
    dataset=datasets.ENTRY.name,
    identity=datasets.ENTRY.identity,
    scan="fs1_" + "0" * 64,
    by="strongest_mean",
    examples=[3, 4],
    random=[0, 8, 20],
    size=ENTRY.input_size,
)
LAYER: dict[str, Any] = {
    "layer": "conv2",
    "numbers": 6144,
    "each": [0.5, None],
    "picture": {"pairs": 1, "mean": 0.5, "spread": 0.0},
    "examples": {"pairs": 1, "mean": 0.75, "spread": 0.0},
    "random": {"pairs": 6, "mean": 0.25, "spread": 0.125},
    "normalized": 0.5,
    "seeds": None,
    "means": {
        "each": [0.75, None],
        "picture": {"pairs": 1, "mean": 0.75, "spread": 0.0},
        "examples": {"pairs": 1, "mean": 0.75, "spread": 0.0},
        "random": {"pairs": 6, "mean": 0.25, "spread": 0.125},
        "normalized": 1.0,
        "seeds": None,
    },
}
TOLD: dict[str, Any] = {"layers": [LAYER], "broken": [20], "device": "cpu", "seconds": 0.25}
