"""The lane's optimizers step as the textbook's do, whoever joins when."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from worker.engine.optimizers import Adam, Moments


@pytest.mark.parametrize("betas", [(0.9, 0.999), (Adam().beta1, Adam().beta2)])
def test_adam_is_adam_for_each_picture_whenever_it_joined(betas: tuple[float, float]) -> None:
    generator = torch.Generator().manual_seed(0)
    start = [[torch.randn(1, 3, 4, generator=generator), torch.randn(1, 2, generator=generator)] for _ in range(3)]
    joins, rates = [0, 3, 11], [0.05, 0.2, 1.0]
    ours = [[tensor.clone() for tensor in own] for own in start]
    theirs = [[tensor.clone().requires_grad_() for tensor in own] for own in start]
    judges = [
        torch.optim.Adam(own, lr=rate, betas=betas, maximize=True) for own, rate in zip(theirs, rates, strict=True)
    ]
    memories = [Moments() for _ in start]
    for step in range(20):
        here = [index for index, joined in enumerate(joins) if step >= joined]
        gradients: list[list[Tensor]] = [[torch.randn(t.shape, generator=generator) for t in ours[i]] for i in here]
        Adam(*betas).step([ours[i] for i in here], gradients, [memories[i] for i in here], [rates[i] for i in here])
        for index, slopes in zip(here, gradients, strict=True):
            for tensor, slope in zip(theirs[index], slopes, strict=True):
                tensor.grad = slope
            judges[index].step()
    assert [memory.step for memory in memories] == [20, 17, 9]
    for own, judged in zip(ours, theirs, strict=True):
        for tensor, expected in zip(own, judged, strict=True):
            torch.testing.assert_close(tensor, expected.detach(), rtol=1e-5, atol=1e-6)
