"""Exact small numbers of every penalty, and gradients that stay finite."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe
from featurelens.engine.parameterizations import Photograph
from featurelens.engine.regularizers import Regularizers, boundary, departure, l1, l2, sharpness, total_variation
from tests.support.lanes import alone
from tests.support.small_networks import network

GREY = torch.full((2, 3, 16, 24), 0.5)


def test_total_variation_counts_steps() -> None:
    picture = torch.tensor([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])[None, None]
    assert total_variation(picture).tolist() == [1.0]
    assert total_variation(picture.transpose(2, 3)).tolist() == [1.0]
    slope = torch.arange(8.0).expand(1, 1, 4, 8) / 8
    assert total_variation(slope).tolist() == [0.125]


def test_distance_from_grey() -> None:
    picture = torch.tensor([[[[0.0, 0.5], [1.0, 0.25]]]])
    assert l1(picture).tolist() == [(0.5 + 0.5 + 0.25) / 4]
    assert l2(picture).tolist() == [(0.25 + 0.25 + 0.0625) / 4]


def test_a_single_bright_pixel_is_sharp() -> None:
    picture = torch.zeros(1, 1, 32, 32)
    picture[..., 16, 16] = 1
    # Its 5x5 blur is 1/25 there and around.
    expected = 0.5 * ((24 / 25) ** 2 + 24 * (1 / 25) ** 2) / 32**2
    assert float(sharpness(picture)) == pytest.approx(expected)


def test_only_the_frame_counts_as_boundary() -> None:
    picture = torch.full((1, 1, 64, 64), 0.5)
    picture[..., 30:34, 30:34] = 1  # 16 pixels of frame: the middle is free
    assert float(boundary(picture)) == 0
    assert float(boundary(torch.ones(1, 1, 64, 64))) == pytest.approx(0.8 * 0.25)


@pytest.mark.parametrize("measure", [total_variation, l1, l2, sharpness, boundary])
def test_grey_costs_nothing_and_pulls_nowhere_wild(measure: object) -> None:
    assert callable(measure)
    picture = GREY.clone().requires_grad_()
    cost: Tensor = measure(picture)
    assert cost.tolist() == pytest.approx([0, 0])
    (slope,) = torch.autograd.grad(cost.sum(), picture)
    assert slope.isfinite().all()


def test_the_penalty_is_the_weighted_sum_per_picture() -> None:
    pictures = torch.rand(2, 3, 40, 33, generator=torch.Generator().manual_seed(0))
    home, score = torch.rand(3, 40, 33, generator=torch.Generator().manual_seed(1)), torch.tensor([2.0, -3.0])
    penalty = Regularizers(tv=1, l1=2, l2=3, blur=4, boundary=5, pull=6, home=home).penalty(pictures, score)
    pull = score.abs() * departure(pictures, home)
    expected = total_variation(pictures) + 2 * l1(pictures) + 3 * l2(pictures) + 4 * sharpness(pictures)
    torch.testing.assert_close(penalty, expected + 5 * boundary(pictures) + 6 * pull)
    assert not Regularizers().any
    assert Regularizers().penalty(pictures, score).tolist() == [0, 0]
    assert Regularizers(tv=1).penalty(pictures[1:], score[1:]).tolist() == pytest.approx(
        [float(total_variation(pictures)[1])]
    )


def test_departure_is_a_part_of_the_variance() -> None:
    home = torch.rand(3, 20, 20, generator=torch.Generator().manual_seed(0))
    grey = home.mean((1, 2), keepdim=True).expand(1, -1, 20, 20)
    assert departure(home[None], home).tolist() == [0]
    assert departure(grey, home).tolist() == pytest.approx([1])
    assert departure(grey, home * 0 + grey[0]).tolist() == [0]  # a photograph of one colour has no variance


@pytest.mark.parametrize("strength", [0.0, 10.0, 1000.0])
def test_a_photograph_is_held_alike_however_loud_the_unit(strength: float) -> None:
    photo = torch.rand(3, 24, 24, generator=torch.Generator().manual_seed(3)) * 0.5 + 0.25
    far = []
    for loudness in (1.0, 100.0):
        module = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False))
        module[0].weight = nn.Parameter(torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(2)) * loudness)
        recipe = Recipe(
            Channel("0", 1),
            (24, 24),
            steps=24,
            parameterization=Photograph(photo),
            regularizers=Regularizers(pull=strength, home=photo),
        )
        picture = alone(network(module), ["0"], recipe).pixels[0].permute(2, 0, 1) / 255
        far.append(float(departure(picture[None], photo)))
    assert far[1] == pytest.approx(far[0], rel=0.1)
    low, high = {0.0: (0.5, math.inf), 10.0: (0.001, 0.3), 1000.0: (0.0, 0.01)}[strength]
    assert low < far[0] < high
