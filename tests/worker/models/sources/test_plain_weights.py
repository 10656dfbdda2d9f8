"""Weights that are computed from others are plain after loading, and the network is the same function."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn.utils import parametrizations, parametrize, spectral_norm, weight_norm

from featurelens.worker.models.sources.plain_weights import compute_weights


class Halved(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        return weight / 2


def halved(module: nn.Module) -> nn.Module:
    return parametrize.register_parametrization(module, "weight", Halved())


@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated:FutureWarning")
@pytest.mark.parametrize(
    "norm",
    [
        weight_norm,
        spectral_norm,
        parametrizations.weight_norm,
        parametrizations.spectral_norm,
        parametrizations.orthogonal,
        halved,
    ],
    ids=["weight", "spectral", "new weight", "new spectral", "orthogonal", "own"],
)
def test_the_same_function_with_plain_weights(norm: Callable[[nn.Module], nn.Module]) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(norm(nn.Conv2d(3, 8, 3)), nn.ReLU(), nn.Flatten(), norm(nn.Linear(8 * 36, 5)), nn.ReLU())
    trained = {name: torch.randn_like(value) for name, value in module.state_dict().items()}
    module.load_state_dict(trained)
    picture = torch.rand(2, 3, 8, 8)
    with torch.no_grad():
        expected = module.eval()(picture)
    (note,) = compute_weights(module)
    assert "0, 3" in note
    assert type(module[0]) is nn.Conv2d
    assert module.state_dict().keys() == {"0.weight", "0.bias", "3.weight", "3.bias"}
    module.requires_grad_(False)
    for one in (module, copy.deepcopy(module), fx.symbolic_trace(module)):
        torch.testing.assert_close(one(picture), expected, rtol=1e-6, atol=1e-6)
    assert compute_weights(module) == []


class Computed(nn.Module):
    """Has made a tensor out of a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.twice = self.scale * 2


def test_a_tensor_that_remembers_how_it_was_made_can_be_copied() -> None:
    module = Computed()
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(module)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compute_weights(module)
    assert torch.equal(copy.deepcopy(module).twice, torch.full((3,), 2.0))
