"""Preprocessing: exact small cases."""

from __future__ import annotations

import pytest
import torch

from featurelens.engine import Preprocessing


def test_range_mean_and_deviation() -> None:
    picture = torch.tensor([0.0, 0.5, 1.0]).view(1, 3, 1, 1)
    prepared = Preprocessing((0.0, 10.0, 20.0), (1.0, 2.0, 4.0), low=-100.0, high=100.0)(picture)
    assert prepared.flatten().tolist() == pytest.approx([-100.0, -5.0, 20.0])


def test_colours_the_other_way_round() -> None:
    """Mean and deviation are in the network's own order."""
    picture = torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1)
    prepared = Preprocessing((0.0, 0.0, 1.0), (1.0, 1.0, 0.5), reverse=True)(picture)
    assert prepared.flatten().tolist() == pytest.approx([0.3, 0.2, -1.8])


def test_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="one value per input channel"):
        Preprocessing((0.0,), (1.0, 1.0))
    with pytest.raises(ValueError, match="above 0"):
        Preprocessing((0.0,), (0.0,))
