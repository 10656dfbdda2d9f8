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
    ours = [torch.cat(tensors) for tensors in zip(*start, strict=True)]
    theirs = [[tensor.clone().requires_grad_() for tensor in own] for own in start]
    judges = [textbook(own, lr=rate, betas=betas, maximize=True) for own, rate in zip(theirs, rates, strict=True)]
    memory = kind(*betas).begin(start[0]).mapped(lambda tensor: tensor.repeat(3, *[1] * (tensor.dim() - 1)))
    for step in range(20):
        moving = [rate if step >= joined else None for rate, joined in zip(rates, joins, strict=True)]
        gradients: list[Tensor] = [torch.randn(t.shape, generator=generator) for t in ours]
        kind(*betas).step(ours, gradients, memory, moving)
        for index, rate in enumerate(moving):
            if rate is not None:
                for tensor, slope in zip(theirs[index], gradients, strict=True):
                    tensor.grad = slope[index : index + 1]
                judges[index].step()
    assert [count.tolist() for count in memory.steps] == [[20, 17, 9], [20, 17, 9]]
    for index, judged in enumerate(theirs):
        for tensor, expected in zip(ours, judged, strict=True):
            torch.testing.assert_close(tensor[index : index + 1], expected.detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", [Adam(), NAdam(), Gradient()])
def test_side_by_side_each_is_moved_to_the_bit_as_alone(optimizer: Optimizer) -> None:
    """Of 1,003 numbers each: the last few are another's in the middle of a vector."""
    generator = torch.Generator().manual_seed(0)
    together = torch.randn(3, 17, 59, generator=generator)
    alone = [row.clone() for row in together.chunk(3)]
    memory = optimizer.begin([alone[0]]).mapped(lambda tensor: tensor.repeat(3, *[1] * (tensor.dim() - 1)))
    memories = [optimizer.begin([own]) for own in alone]
    for rates in ([0.1, 0.1, 0.1], [0.1, 0.3, None], [0.2, 0.1, 0.2]):
        slope = torch.randn(together.shape, generator=generator)
        optimizer.step([together], [slope], memory, rates)
        for own, each, part, rate in zip(alone, memories, slope.chunk(3), rates, strict=True):
            optimizer.step([own], [part], each, [rate])
    assert torch.equal(together, torch.cat(alone))


@pytest.mark.parametrize("optimizer", [Adam(), NAdam(), Gradient()])
def test_gradients_may_lie_in_memory_as_they_like(optimizer: Optimizer) -> None:
    slope = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    found = []
    for laid_out in (slope, slope.t().contiguous().t()):
        value = torch.zeros(3, 4)
        optimizer.step([value], [laid_out], optimizer.begin([value]), [0.1])
        found.append(value)
    assert torch.equal(*found)
    assert torch.equal(found[0].sign(), slope.sign())


def test_the_plain_gradient_moves_as_far_whatever_its_size() -> None:
    slope = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    for size in (1e-9, 1.0, 1e6):
        value, silent = torch.zeros(2, 5), torch.zeros(3)
        Gradient().step([value, silent], [slope * size, torch.zeros(3)], Moments(), [0.1])
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
