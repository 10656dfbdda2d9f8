"""The rewritten first convolution gives the same answers and gradients as the one it stands for."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.passes.stem import Stem
from tests.support.small_networks import network, seeded

sides = st.integers(9, 40)


@settings(max_examples=60, deadline=None)
@given(
    kernel=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    size=st.tuples(sides, sides),
    channels=st.integers(1, 4),
    bias=st.booleans(),
)
def test_same_answers_and_gradients(
    kernel: tuple[int, int], padding: tuple[int, int], size: tuple[int, int], channels: int, bias: bool
) -> None:
    generator = torch.Generator().manual_seed(0)
    plain = seeded(nn.Conv2d(channels, 5, kernel, stride=2, padding=padding, bias=bias)).requires_grad_(False)
    assert isinstance(plain, nn.Conv2d)
    picture = torch.randn(2, channels, *size, generator=generator).requires_grad_(True)
    expected, found = plain(picture), Stem(plain)(picture)
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    slope = torch.randn(expected.shape, generator=generator)
    torch.testing.assert_close(
        *(torch.autograd.grad(answer, picture, slope)[0] for answer in (found, expected)), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    ("convolution", "rewritten"),
    [
        (nn.Conv2d(3, 8, 7, stride=2, padding=3), True),
        (nn.Conv2d(1, 8, 3, stride=2), True),
        (nn.Conv2d(3, 8, 3), False),
        (nn.Conv2d(16, 8, 3, stride=2), False),
        (nn.Conv2d(3, 6, 3, stride=2, groups=3), False),
        (nn.Conv2d(3, 8, 3, stride=2, dilation=2), False),
        (nn.Conv2d(3, 8, 3, stride=2, padding=1, padding_mode="reflect"), False),
    ],
)
def test_only_what_it_is_true_of(convolution: nn.Conv2d, rewritten: bool) -> None:
    whole = seeded(nn.Sequential(convolution, nn.ReLU()))
    extract = Extractor(network(whole, convolution.in_channels), ["1"])
    assert rewritten == any(isinstance(part, Stem) for part in extract.module.modules())
    picture = torch.rand(2, convolution.in_channels, 32, 33, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(extract(picture)["1"].value, whole(picture), rtol=1e-4, atol=1e-5)
