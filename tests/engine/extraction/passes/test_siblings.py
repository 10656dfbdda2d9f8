"""Convolutions over the same input, made one, say the same; those that differ in more than channels stay themselves."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, fx, nn

from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import read
from tests.support.small_networks import network, seeded


class Branches(nn.Module):
    """An inception module in small: `left` and `right` differ in channels, `wide` and `apart` in more."""

    def __init__(self, bias: bool) -> None:
        super().__init__()
        self.left = nn.Sequential(nn.Conv2d(3, 4, 1, bias=bias), nn.BatchNorm2d(4), nn.ReLU())
        self.right = nn.Sequential(nn.Conv2d(3, 6, 1, bias=bias), nn.BatchNorm2d(6), nn.ReLU())
        self.wide = nn.Conv2d(3, 5, 3, padding=1, bias=bias)
        self.apart = nn.Conv2d(3, 3, 1, groups=3, bias=bias)
        self.twice = nn.Conv2d(3, 3, 1, bias=bias)
        self.after = nn.Conv2d(6, 2, 3, padding=1, bias=bias)
        self.end = nn.Identity()
        seeded(self)

    def forward(self, value: Tensor) -> Tensor:
        right = self.after(self.right(value))
        twice = self.twice(self.twice(value))
        answer: Tensor = self.end(torch.cat([self.left(value), right, self.wide(value), self.apart(value), twice], 1))
        return answer


def widths(extract: Extractor) -> list[int]:
    """Channels of the convolutions that are run, in order."""
    assert isinstance(extract.module, fx.GraphModule)
    modules = dict(extract.module.named_modules())
    parts = [modules[str(node.target)] for node in extract.module.graph.nodes if node.op == "call_module"]
    return [part.out_channels for part in parts if isinstance(part, nn.Conv2d)]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("layers", [["end"], ["left.0", "end"], ["right.1", "left.2"]], ids=str)
def test_same_values_and_gradients(layers: list[str], bias: bool) -> None:
    module = Branches(bias)
    found = Extractor(network(module), layers, follow=True)
    picture = torch.randn(2, 3, 9, 12, generator=torch.Generator().manual_seed(1)).requires_grad_(True)
    expected, said = read(module, picture, layers, follow=True), found(picture)
    for name in layers:
        torch.testing.assert_close(said[name].value, expected[name].value)
        slope = torch.randn(expected[name].value.shape, generator=torch.Generator().manual_seed(2))
        torch.testing.assert_close(
            *(torch.autograd.grad(one[name].value, picture, slope, retain_graph=True)[0] for one in (said, expected))
        )
        before = expected[name].before
        if before is not None:
            answer = said[name].before
            assert answer is not None
            torch.testing.assert_close(answer, before)


def test_only_those_that_differ_in_nothing_but_channels() -> None:
    assert sorted(widths(Extractor(network(Branches(bias=True)), ["end"]))) == [2, 3, 3, 3, 5, 4 + 6]


def test_each_norm_is_still_heard_by_itself() -> None:
    module = Branches(bias=False)
    norm = module.left[1]
    assert isinstance(norm, nn.BatchNorm2d)
    extract = Extractor(network(module), ["end"])
    heard: list[Tensor] = []
    handle = norm.register_forward_hook(lambda _module, _inputs, output: heard.append(output))
    picture = torch.randn(1, 3, 9, 12, generator=torch.Generator().manual_seed(1))
    module(picture)
    handle.remove()
    with extract.statistics.recording():
        extract(picture)
    # The later of two: the first half of the norms is not listened to.
    ((mean, square, *_),) = extract.statistics._recorded
    torch.testing.assert_close(mean, heard[0].mean((2, 3)))
    torch.testing.assert_close(square, heard[0].square().mean((2, 3)))
