"""MaCo's template: what the spectrum of photographs says, and a picture that keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from featurelens.engine.magnitude import mean_magnitude
from featurelens.engine.parameterizations import MaCo


def stripes(period: int) -> torch.Tensor:
    """(3, 64, 80): grey vertical stripes."""
    x = torch.arange(80.0)
    return (0.5 + 0.4 * torch.sin(2 * torch.pi * x / period)).expand(3, 64, 80)


def test_stripes_stand_out_at_their_frequency() -> None:
    magnitude = mean_magnitude([stripes(8)], side=64)
    assert magnitude.shape == (3, 64, 33)
    assert magnitude[0, 0].argmax() == 8  # 64 pixels, 8 a stripe
    assert magnitude[1:].max() < 0.2 * magnitude[0].max()  # grey has no colour


def test_nothing_to_look_at() -> None:
    with pytest.raises(ValueError, match="no photograph"):
        mean_magnitude([])


def test_a_picture_keeps_the_magnitudes_of_its_template(tmp_path: Path) -> None:
    path = tmp_path / "template.safetensors"
    save_file({"magnitude": mean_magnitude([stripes(8)], side=64)}, path)
    maco = MaCo(template=path)
    picture = maco.decode(maco.start((64, 64), 1, torch.Generator().manual_seed(0)), (64, 64))
    spectrum = torch.fft.rfft2(torch.logit(picture[0, 1])).abs()
    assert spectrum[0].argmax() == 8
