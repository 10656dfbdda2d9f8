"""Colour axes: brightness first, then two that hardly matter."""

from __future__ import annotations

import pytest
import torch

from featurelens.engine.color import MATRIX, correlate


def test_columns_are_the_axes() -> None:
    assert float(MATRIX.norm(dim=0).max()) == pytest.approx(1)
    unit = torch.eye(3).view(3, 3, 1, 1)
    assert torch.allclose(correlate(unit)[:, :, 0, 0], MATRIX.T)
    # The first axis is nearly grey, and the strongest by far.
    assert float(MATRIX[:, 0].std() / MATRIX[:, 0].mean()) < 0.03
    assert MATRIX.norm(dim=0).tolist() == sorted(MATRIX.norm(dim=0).tolist(), reverse=True)


def test_grey_has_no_colour_to_decorrelate() -> None:
    grey = torch.rand(2, 1, 5, 7)
    assert correlate(grey) is grey
