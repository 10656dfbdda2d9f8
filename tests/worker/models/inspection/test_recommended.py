"""Recommended units are worth a picture: they rise."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmarks.architectures import climb
from featurelens.jobs.settings import Settings
from featurelens.worker.models.registry import Registry


@pytest.mark.parametrize("architecture", ["alexnet", "squeezenet1_1", "mobilenet_v3_small", "regnet_y_400mf"])
def test_a_recommended_unit_rises_whatever_the_architecture(architecture: str, tmp_path: Path) -> None:
    """The others: `python -m benchmarks.architectures`."""
    row = climb(Registry(Settings(state=tmp_path)), architecture, 4, torch.device("cpu"))
    assert row.rose
