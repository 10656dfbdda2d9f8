"""The optimum of a single linear filter is the filter."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from featurelens.engine.objectives import Neuron, Sign
from featurelens.engine.optimization import Recipe
from featurelens.engine.parameterizations import Fourier, Parameterization, Pixel
from featurelens.engine.regularizers import Regularizers
from featurelens.engine.transforms import NOTHING
from tests.support.lanes import alone
from tests.support.small_networks import network, seeded

SIZE, KERNEL = 32, 11
GENTLE = Regularizers(l2=3000)
"""Strong enough that the optimum of a random filter lies inside the box [0, 1], where it is proportional to it."""


def two_valued() -> Tensor:
    """(4, 3, 11, 11): bars of +-1, whose best picture in the box is the filter even without a penalty."""
    bars = torch.ones(4, 3, KERNEL, KERNEL)
    bars[:, :, :, 2:4] = bars[:, :, :, 7:] = -1
    return bars


def smooth(filters: Tensor) -> Tensor:
    """Without the finest waves, which a Fourier picture does not hold."""
    line = torch.tensor([0.25, 0.5, 0.25])
    kernel = (line[:, None] * line).expand(filters.shape[1], 1, 3, 3)
    return F.conv2d(filters, kernel, padding=1, groups=filters.shape[1])


@pytest.mark.parametrize("sign", ["positive", "negative"])
@pytest.mark.parametrize("parameterization", [Pixel(), Fourier()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("regularizers", [GENTLE, Regularizers()], ids=["random", "bars"])
def test_the_optimum_is_the_filter(parameterization: Parameterization, sign: Sign, regularizers: Regularizers) -> None:
    convolution = nn.Conv2d(3, 4, KERNEL, padding=KERNEL // 2)
    net = network(seeded(nn.Sequential(convolution), seed=3))
    convolution.weight.data.copy_(smooth(convolution.weight.data) if regularizers.any else two_valued())
    recipe = Recipe(
        Neuron("0", 2, sign),
        (SIZE, SIZE),
        steps=128,
        parameterization=parameterization,
        transform=NOTHING,
        regularizers=regularizers,
    )
    result = alone(net, ["0"], recipe)
    picture = result.pixels[0].permute(2, 0, 1).float() / 255 - 0.5
    first = SIZE // 2 - KERNEL // 2
    seen = picture[:, first : first + KERNEL, first : first + KERNEL].flatten()
    correlation = torch.corrcoef(torch.stack([seen, convolution.weight[2].flatten()]))[0, 1]
    assert (correlation if sign == "positive" else -correlation) > 0.95
