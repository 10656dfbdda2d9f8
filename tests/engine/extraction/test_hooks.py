"""What is read is what a layer answered, at the moment it did, whatever is written over it later."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import read
from featurelens.engine.extraction.passage import EXACT, Passage, Passages
from tests.support.small_networks import network, seeded


class Overwriting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.summed, self.pooled = nn.Identity(), nn.MaxPool2d(2)
        self.end = nn.Identity()
        seeded(self)

    def forward(self, picture: Tensor) -> Tensor:
        value = self.first(picture)
        self.relu(value)
        pooled = self.pooled(F.relu(self.second(value)))
        pooled += value[:, :, ::2, ::2]
        summed = self.summed(pooled)
        summed[:, 0].mul_(2)
        answer: Tensor = self.end(F.relu6(summed, inplace=True))
        return answer


LAYERS = ["first", "relu", "second", "pooled", "summed", "end"]


def by_hand(module: nn.Module, picture: Tensor, leak: float = 0.0) -> dict[str, tuple[Tensor, Tensor | None]]:
    def rectified(value: Tensor, limit: float = torch.inf) -> Tensor:
        answer = value.clamp(0, limit)
        return answer + leak * (value - value.detach()) * ((value <= 0) | (value >= limit))

    first = module.get_submodule("first")(picture)
    second = module.get_submodule("second")(rectified(first))
    summed = F.max_pool2d(rectified(second), 2) + rectified(first)[:, :, ::2, ::2]
    doubled = torch.cat([summed[:, :1] * 2, summed[:, 1:]], 1)
    return {
        "first": (first, None),
        "relu": (rectified(first), first),
        "second": (second, None),
        "pooled": (F.max_pool2d(rectified(second), 2), F.max_pool2d(second, 2)),
        "summed": (summed, None),
        "end": (rectified(doubled, 6.0), doubled),
    }


@pytest.mark.parametrize("layers", [LAYERS, *([layer] for layer in LAYERS)], ids=str)
@pytest.mark.parametrize("passage", [EXACT, Passage(leak=0.25)])
def test_values_preactivations_and_gradients(layers: list[str], passage: Passage) -> None:
    module = Overwriting()
    picture = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    found, expected = picture.clone().requires_grad_(True), picture.clone().requires_grad_(True)
    readings = read(module, found * 1, layers, follow=True, passages=Passages.of([(passage, 1)]))
    wanted = by_hand(module, expected * 1, passage.leak)
    for layer in layers:
        value, before = readings[layer]
        torch.testing.assert_close(value, wanted[layer][0])
        assert (before is None) == (wanted[layer][1] is None)
        if before is not None:
            torch.testing.assert_close(before, wanted[layer][1])
    (slope,) = torch.autograd.grad([readings[layer].value.square().sum() for layer in layers], found)
    (by_rule,) = torch.autograd.grad([wanted[layer][0].square().sum() for layer in layers], expected)
    torch.testing.assert_close(slope, by_rule, rtol=1e-4, atol=1e-5)


class Dropping(nn.Module):
    def __init__(self, training: bool) -> None:
        super().__init__()
        self.drops, self.end = training, nn.Identity()

    def forward(self, value: Tensor) -> Tensor:
        answer: Tensor = self.end(F.dropout(F.relu(value), 0.5, self.drops))
        return answer


@pytest.mark.parametrize("training", [True, False])
def test_what_is_dropped_has_no_preactivation(training: bool) -> None:
    module = Dropping(training)
    picture = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(2))
    for readings in (
        read(module, picture, ["end"], follow=True),
        Extractor(network(module), ["end"], follow=True)(picture),
    ):
        assert (readings["end"].before is None) is training


class Catching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Identity()

    def forward(self, value: Tensor) -> Tensor:
        try:
            doubled: Tensor = self.inner(value) * 2
            return doubled
        except Exception:
            value.zero_()
            raise


def test_a_network_that_catches_everything_does_not_catch_the_end_of_the_pass() -> None:
    assert torch.equal(read(Catching(), torch.ones(1, 3, 2, 2), ["inner"])["inner"].value, torch.ones(1, 3, 2, 2))
