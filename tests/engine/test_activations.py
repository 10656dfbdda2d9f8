"""What a network sees in a picture: held against values computed by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.activations import UnitResponse, classify, respond
from featurelens.engine.network import Network, Preprocessing
from tests.support.small_networks import network, stack


def plain(module: nn.Module, **more: object) -> Network:
    """Takes pictures of three channels as they are."""
    return Network("plain", module, Preprocessing((0.0,) * 3, (1.0,) * 3), **more)  # type: ignore[arg-type]


def picture() -> Tensor:
    """(3, 2, 3): channel c at row y and column x is (6 c + 3 y + x) / 100, but for one bright and one dark pixel."""
    pixels = torch.arange(18.0).view(3, 2, 3) / 100
    pixels[1, 0, 2], pixels[2, 1, 0] = 0.9, -0.5
    return pixels


def shown(responses: Sequence[UnitResponse]) -> list[tuple[int, float, int | None, int | None]]:
    return [(one.channel, round(one.value, 6), one.x, one.y) for one in responses]


class Passes(nn.Module):
    """Layers that answer with the picture itself, its ReLU, and its sums."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Identity()
        self.shifted = nn.Identity()
        self.act = nn.ReLU()
        self.sums = nn.Identity()

    def forward(self, inputs: Tensor) -> Tensor:
        maps = self.act(self.shifted(self.maps(inputs) - 0.1))
        sums: Tensor = self.sums(maps.sum((2, 3)))
        return sums


def test_extremes_and_where_they_are() -> None:
    found = respond(plain(Passes()), picture(), ["maps"], units=2)["maps"]
    assert (found.channels, found.height, found.width, found.preactivation) == (3, 2, 3, False)
    assert shown(found.highest) == [(1, 0.9, 2, 0), (2, 0.17, 2, 1)]
    assert shown(found.lowest) == [(2, -0.5, 0, 1), (0, 0.0, 0, 0)]


def test_means_are_signed() -> None:
    means = picture().mean((1, 2)).tolist()
    found = respond(plain(Passes()), picture(), ["maps"], units=3)["maps"]
    assert [one.channel for one in found.highest_mean] == sorted(range(3), key=lambda c: -means[c])
    assert [one.channel for one in found.lowest_mean] == sorted(range(3), key=lambda c: means[c])
    assert {one.channel: one.value for one in found.highest_mean} == {c: pytest.approx(means[c]) for c in range(3)}
    assert {(one.x, one.y) for one in found.highest_mean} == {(None, None)}


def test_below_zero_what_stands_before_the_rectifier_tells() -> None:
    found = respond(plain(Passes()), picture(), ["act"], units=1)["act"]
    assert found.preactivation
    assert shown(found.highest) == [(1, 0.8, 2, 0)]
    assert shown(found.lowest) == [(2, -0.6, 0, 1)]


def test_a_layer_without_positions() -> None:
    found = respond(plain(Passes()), picture(), ["sums"], units=5)["sums"]
    assert (found.height, found.width, len(found.highest)) == (1, 1, 3)
    assert {(one.x, one.y) for one in found.highest} == {(None, None)}


def test_tokens_are_rows() -> None:
    """(B, T, D): a token is a row of one column."""
    net = plain(nn.Sequential(nn.Flatten(2), nn.Identity()))
    found = respond(net, picture(), ["1"], units=1)["1"]
    assert (found.channels, found.height, found.width) == (6, 3, 1)
    assert shown(found.highest) == [(2, 0.9, 0, 1)]


def test_channels_that_stand_last() -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Identity()

        def forward(self, inputs: Tensor) -> Tensor:
            turned: Tensor = self.last(inputs.permute(0, 2, 3, 1))
            return turned

    found = respond(plain(Last(), channels_last=frozenset({"last"})), picture(), ["last"], units=1)["last"]
    assert (found.channels, found.height, found.width) == (3, 2, 3)
    assert shown(found.highest) == [(1, 0.9, 2, 0)]


def test_classes_are_those_of_a_softmax() -> None:
    logits = torch.tensor([1.0, 3.0, 2.0])

    class Says(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Identity()

        def forward(self, inputs: Tensor) -> Tensor:
            said: Tensor = self.head(logits[None] + 0 * inputs.sum())
            return said

    found = classify(plain(Says()), picture(), "head", classes=2)
    assert [one.channel for one in found] == [1, 2]
    assert [one.logit for one in found] == [3.0, 2.0]
    assert [one.probability for one in found] == pytest.approx(logits.softmax(0)[[1, 2]].tolist())


def test_several_layers_say_what_each_says_alone() -> None:
    """Also where a later layer works in place on an earlier one's answer."""
    module = stack()
    module[2] = nn.ReLU(inplace=True)
    net, shown = network(module), torch.rand(3, 24, 20, generator=torch.Generator().manual_seed(1))
    together = respond(net, shown, ["1", "2", "4"])
    assert together == {name: respond(net, shown, [name])[name] for name in ("1", "2", "4")}


def test_a_layer_that_is_not_there() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        respond(network(stack()), torch.rand(3, 8, 8), ["nowhere"])
