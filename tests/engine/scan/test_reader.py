"""What is read in one pass is what the untouched network says, image by image."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.extraction.untouched import read_untouched
from featurelens.engine.objectives import feature_maps
from featurelens.engine.scan import LayerShape, Reader, Responses
from tests.support.small_networks import network, seeded, stack

ROWS, CPU = 6, torch.device("cpu")


class Overwriting(nn.Module):
    """Rectifies in place, writes over what it has rectified, and answers with tokens and vectors at last."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.plain = nn.ReLU()
        self.tokens = nn.Linear(8, 5)
        self.classes = nn.Linear(5, 4)

    def forward(self, inputs: Tensor) -> Tensor:
        value = self.act(self.first(inputs))
        before = self.second(value)
        value = self.plain(before)
        before += 1
        value -= 100
        tokens = self.tokens((value + 100).flatten(2).transpose(1, 2))
        return self.classes(tokens.mean(1))  # type: ignore[no-any-return]


def pictures(rows: int = ROWS) -> Tensor:
    return torch.rand(rows, 3, 9, 11, generator=torch.Generator().manual_seed(2))


LAYERS = ["first", "act", "second", "plain", "tokens", "classes"]


def test_every_kind_of_layer() -> None:
    net = network(seeded(Overwriting()))
    object.__setattr__(net, "classes_layer", "classes")
    reader = Reader(net, LAYERS, ROWS, CPU)
    said = reader(pictures())
    whole = read_untouched(net, net.preprocessing(pictures()), LAYERS)
    assert reader.shapes == [
        LayerShape("first", 8, 9, 11, False),
        LayerShape("act", 8, 9, 11, True),
        LayerShape("second", 8, 9, 11, False),
        LayerShape("plain", 8, 9, 11, True),
        LayerShape("tokens", 5, 99, 1, False),
        LayerShape("classes", 4, 1, 1, False),
    ]
    assert reader.rectified == [False] * 8 + [True] * 8 + [False] * 8 + [True] * 8 + [False] * 9
    after = torch.cat([feature_maps(whole[name].value).mean((2, 3)) for name in ("act", "plain")], 1)
    torch.testing.assert_close(said.after, after)
    first = 0
    for shape in reader.shapes:
        value, before = whole[shape.name]
        maps = feature_maps(value if before is None else before)
        units = slice(first, first + shape.channels)
        first += shape.channels
        assert torch.equal(said.maxima[:, units], maps.amax((2, 3)))
        assert torch.equal(said.positions[:, units].long(), maps.flatten(2).argmax(2))
        torch.testing.assert_close(said.means[:, units], maps.mean((2, 3)))
        expected = (
            maps[:, :, 0, 0].log_softmax(1)
            if shape.name == "classes"
            else torch.full_like(maps[:, :, 0, 0], -torch.inf)
        )
        torch.testing.assert_close(said.certainties[:, units], expected)


def test_of_equal_positions_the_first() -> None:
    net = network(nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1)))
    said = Reader(net, ["0"], 1, CPU)(torch.full((1, 3, 5, 5), 0.5))
    assert said.positions.tolist() == [[0, 0, 0]]


def test_bits_do_not_depend_on_the_other_rows() -> None:
    """An image in the same row, beside others or beside nothing."""
    reader = Reader(network(stack()), ["2", "4"], ROWS, CPU)
    whole = reader(pictures())
    for row in range(ROWS):
        alone = torch.zeros(ROWS, 3, 9, 11)
        alone[row] = pictures()[row]
        for part, other in zip(whole, reader(alone), strict=True):
            assert torch.equal(part[row], other[row])
    with pytest.raises(ValueError, match="5 rows"):
        reader(pictures(5))


def test_what_is_not_finite_is_not_usable() -> None:
    good = torch.ones(3, 2)
    bad = torch.tensor([[1, 1], [torch.nan, 1], [1, torch.inf]])
    none = torch.zeros(3, 2, dtype=torch.int32)
    assert Responses(bad, none, good, good, good).usable().tolist() == [True, False, False]
    assert Responses(good, none, bad * 1e30, good, good).usable().tolist() == [False, False, False]
