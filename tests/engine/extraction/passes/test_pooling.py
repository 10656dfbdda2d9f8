"""Pooling before rectification says the same, and is done only where nobody needs the rectified values."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, fx, nn

from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import read
from tests.support.small_networks import network, seeded


class Pair(nn.Module):
    """A convolution, a rectification and a pooling, each any Python."""

    def __init__(self, rectify: Callable[[Tensor], Tensor], pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.rectify, self.pool, self.end = rectify, pool, nn.Identity()
        seeded(self)

    def forward(self, value: Tensor) -> Tensor:
        answer: Tensor = self.end(self.pool(self.rectify(self.conv(value))))
        return answer


def order(extract: Extractor) -> list[str]:
    """What the graph does to rectify and to pool, in order."""
    assert isinstance(extract.module, fx.GraphModule)
    modules = dict(extract.module.named_modules())
    done = []
    for node in extract.module.graph.nodes:
        part = modules.get(str(node.target)) if node.op == "call_module" else None
        name = type(part).__name__ if part else getattr(node.target, "__name__", str(node.target))
        if "pool" in name.lower():
            done.append("pool")
        elif name == "Rectifier":
            done.append("rectify")
    return done


RECTIFIERS: dict[str, Callable[[Tensor], Tensor]] = {
    "ReLU": nn.ReLU(),
    "ReLU6": nn.ReLU6(),
    "LeakyReLU": nn.LeakyReLU(0.1),
    "relu": F.relu,
    "torch.relu": torch.relu,
    "method": lambda value: value.relu(),
    "leaky_relu": lambda value: F.leaky_relu(value, 0.2),
    "leaky_relu by name": lambda value: F.leaky_relu(value, negative_slope=0.2),
}
POOLINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "plain": nn.MaxPool2d(2),
    "padded": nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    "function": lambda value: F.max_pool2d(value, 3, stride=2, padding=1),
}


@pytest.mark.parametrize("pool", POOLINGS)
@pytest.mark.parametrize("rectify", RECTIFIERS)
def test_same_values_and_gradients(rectify: str, pool: str) -> None:
    module = Pair(RECTIFIERS[rectify], POOLINGS[pool])
    found = Extractor(network(module), ["end"], follow=True)
    assert order(found)[:2] == ["pool", "rectify"]
    picture = torch.randn(2, 3, 17, 20, generator=torch.Generator().manual_seed(1)).requires_grad_(True)
    expected, said = read(module, picture, ["end"], follow=True)["end"], found(picture)["end"]
    torch.testing.assert_close(said.value, expected.value)
    slope = torch.randn(expected.value.shape, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(
        *(torch.autograd.grad(answer, picture, slope)[0] for answer in (said.value, expected.value))
    )
    if expected.before is not None:
        assert said.before is not None
        torch.testing.assert_close(said.before, expected.before)


@pytest.mark.parametrize(
    ("rectify", "pool"),
    [
        (nn.LeakyReLU(-0.1), nn.MaxPool2d(2)),
        (nn.GELU(), nn.MaxPool2d(2)),
        (nn.ReLU(), nn.AvgPool2d(2)),
    ],
)
def test_only_what_keeps_the_order(rectify: nn.Module, pool: nn.Module) -> None:
    module = Pair(rectify, pool)
    found = Extractor(network(module), ["end"])
    assert order(found)[-1] == "pool"
    picture = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(found(picture)["end"].value, module(picture))


def test_not_where_the_rectified_values_are_wanted() -> None:
    module = Pair(nn.ReLU(), nn.MaxPool2d(2))
    found = Extractor(network(module), ["rectify", "end"])
    assert order(found) == ["rectify", "pool"]
    picture = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    expected = read(module, picture, ["rectify", "end"])
    for name, said in found(picture).items():
        torch.testing.assert_close(said.value, expected[name].value)
