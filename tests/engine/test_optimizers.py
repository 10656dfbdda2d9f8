"""The lane's optimizers step as the textbook's do, whoever joins when."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Optimization, Recipe
from featurelens.engine.optimizers import Adam, Gradient, Moments, NAdam, Optimizer
from featurelens.engine.parameterizations import CPPN, Fourier


@pytest.mark.parametrize("betas", [(0.9, 0.999), (Adam().beta1, Adam().beta2), (0.0, 0.99)])
@pytest.mark.parametrize(("kind", "textbook"), [(Adam, torch.optim.Adam), (NAdam, torch.optim.NAdam)])
def test_each_picture_is_moved_as_if_alone_whenever_it_joined(
    kind: type[Adam], textbook: Callable[..., torch.optim.Optimizer], betas: tuple[float, float]
) -> None:
    generator = torch.Generator().manual_seed(0)
    start = [[torch.randn(1, 3, 4, generator=generator), torch.randn(1, 2, generator=generator)] for _ in range(3)]
    joins, rates = [0, 3, 11], [0.05, 0.2, 0.05]
    ours = [[tensor.clone() for tensor in own] for own in start]
    theirs = [[tensor.clone().requires_grad_() for tensor in own] for own in start]
    judges = [textbook(own, lr=rate, betas=betas, maximize=True) for own, rate in zip(theirs, rates, strict=True)]
    memories = [Moments() for _ in start]
    for step in range(20):
        here = [index for index, joined in enumerate(joins) if step >= joined]
        gradients: list[list[Tensor]] = [[torch.randn(t.shape, generator=generator) for t in ours[i]] for i in here]
        kind(*betas).step([ours[i] for i in here], gradients, [memories[i] for i in here], [rates[i] for i in here])
        for index, slopes in zip(here, gradients, strict=True):
            for tensor, slope in zip(theirs[index], slopes, strict=True):
                tensor.grad = slope
            judges[index].step()
    assert [float(count) for memory in memories for count in memory.steps] == [20, 20, 17, 17, 9, 9]
    for own, judged in zip(ours, theirs, strict=True):
        for tensor, expected in zip(own, judged, strict=True):
            torch.testing.assert_close(tensor, expected.detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", [Adam(), NAdam(), Gradient()])
def test_gradients_may_lie_in_memory_as_they_like(optimizer: Optimizer) -> None:
    slope = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    found = []
    for laid_out in (slope, slope.t().contiguous().t()):
        value = torch.zeros(3, 4)
        optimizer.step([[value]], [[laid_out]], [Moments()], [0.1])
        found.append(value)
    assert torch.equal(*found)
    assert torch.equal(found[0].sign(), slope.sign())


def test_the_plain_gradient_moves_as_far_whatever_its_size() -> None:
    slope = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    for size in (1e-9, 1.0, 1e6):
        value, silent = torch.zeros(2, 5), torch.zeros(3)
        Gradient().step([[value, silent]], [[slope * size, torch.zeros(3)]], [Moments()], [0.1])
        assert float(value.square().mean().sqrt()) == pytest.approx(0.1, rel=1e-5)
        torch.testing.assert_close(value / value.norm(), slope / slope.norm())
        assert not silent.any()


def test_an_optimizer_has_its_share_of_the_rate_that_suits() -> None:
    objective = Channel("0", 0)
    for made_of in (Fourier(), CPPN()):
        rates = {
            optimizer: Optimization(Recipe(objective, (8, 8), parameterization=made_of, optimizer=optimizer), objective)
            for optimizer in (Adam(), Gradient())
        }
        assert rates[Adam()].rate == made_of.learning_rate
        assert rates[Gradient()].rate == pytest.approx(0.3 * made_of.learning_rate)
    asked = Recipe(objective, (8, 8), optimizer=Gradient(), learning_rate=0.7)
    assert Optimization(asked, objective).rate == 0.7
