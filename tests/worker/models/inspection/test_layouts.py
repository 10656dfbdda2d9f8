"""Where a layer has its pictures, channels and positions: what the layer is decides, never how large its axes are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from featurelens.engine.activations import respond
from featurelens.engine.extraction.extractor import Extractor
from featurelens.engine.extraction.hooks import read
from featurelens.engine.network import Network, Preprocessing
from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.worker.models.inspection.layers import Description, describe

SIZE = (64, 64)
TOKENS = 64
"""Of a picture in patches of 8x8: as many as pixels on a side, so that no axis can be told by its length."""


class Patches(nn.Module):
    """8 channels at 8x8 positions as tokens, then `part`; `order` is that of the axes (batch, channels, tokens)."""

    def __init__(self, part: nn.Module, order: tuple[int, int, int]) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 8, 8)
        self.part = part
        self.order = order

    def forward(self, inputs: Tensor) -> object:
        answer: object = self.part(self.patches(inputs).flatten(2).permute(self.order))
        return answer


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, inputs: Tensor) -> Tensor:
        return self.function(inputs)


def of(module: nn.Module, **changes: object) -> Description:
    return describe(module, 3, SIZE, **changes)  # type: ignore[arg-type]


def axes(layer: LayerEntry) -> str:
    usual = {"spatial": "BCHW", "vector": "BC", "tokens": "BTC" if layer.width is None else "BHWC"}
    return layer.layout or usual[layer.kind]


BATCH_FIRST, TOKENS_FIRST, CHANNELS_FIRST = (0, 2, 1), (2, 0, 1), (0, 1, 2)


@pytest.mark.parametrize(
    ("part", "order", "expected", "channels", "positions"),
    [
        (nn.Identity(), CHANNELS_FIRST, "BCT", 8, TOKENS),
        (nn.Conv1d(8, 12, 3, padding=1), CHANNELS_FIRST, "BCT", 12, TOKENS),
        (nn.BatchNorm1d(8), CHANNELS_FIRST, "BCT", 8, TOKENS),
        (nn.AdaptiveAvgPool1d(1), CHANNELS_FIRST, "BCT", 8, 1),
        (nn.Linear(8, 12), BATCH_FIRST, "BTC", 12, TOKENS),
        (nn.LayerNorm(8), BATCH_FIRST, "BTC", 8, TOKENS),
        (nn.GRU(8, 12, batch_first=True), BATCH_FIRST, "BTC", 12, TOKENS),
        (nn.GRU(8, 12), TOKENS_FIRST, "TBC", 12, TOKENS),
        (nn.LSTM(8, 12, bidirectional=True), TOKENS_FIRST, "TBC", 24, TOKENS),
        (nn.RNN(8, 12), TOKENS_FIRST, "TBC", 12, TOKENS),
        (nn.TransformerEncoderLayer(8, 2, 16), TOKENS_FIRST, "TBC", 8, TOKENS),
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), BATCH_FIRST, "BTC", 8, TOKENS),
        (Function(lambda x: torch.unflatten(x, 2, (8, 8)).relu()), CHANNELS_FIRST, "BCHW", 8, 8),
        (Function(lambda x: x.reshape(x.shape[0], 8, 8, 8).tanh()), BATCH_FIRST, "BHWC", 8, 8),
        (Function(lambda x: x.transpose(1, 2).tanh()), BATCH_FIRST, "BCT", 8, TOKENS),
        (Function(lambda x: torch.stack([x, x], 2)[:, :, 1]), BATCH_FIRST, "BTC", 8, TOKENS),
        (Function(lambda x: x[:, None].mean(1)), CHANNELS_FIRST, "BCT", 8, TOKENS),
        (Function(lambda x: torch.unflatten(x, 2, (2, 4)).transpose(2, 3).flatten(2)), BATCH_FIRST, "BTC", 8, TOKENS),
        (Function(lambda x: x @ torch.ones(8, 12)), BATCH_FIRST, "BTC", 12, TOKENS),
        (Function(lambda x: x.amax(2)), CHANNELS_FIRST, "BC", 8, None),
        (Function(lambda x: F.unfold(torch.unflatten(x, 2, (8, 8)), 2, stride=2)), CHANNELS_FIRST, "BCT", 32, 16),
    ],
)
def test_axes(
    part: nn.Module, order: tuple[int, int, int], expected: str, channels: int, positions: int | None
) -> None:
    layers = {layer.name: layer for layer in of(Patches(part, order)).layers}
    found = layers["part"]
    assert (axes(found), found.channels, found.height) == (expected, channels, positions)


def test_the_example_of_a_flattened_convolution() -> None:
    found = of(nn.Sequential(nn.Conv2d(3, 8, 8, 8), nn.Flatten(2))).layers[1]
    assert (found.kind, found.channels, found.height, found.layout) == ("tokens", 8, 64, "BCT")


def test_attention_answers_with_a_tuple_and_is_listed_by_its_first_tensor() -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.MultiheadAttention(8, 2)

        def forward(self, tokens: Tensor) -> Tensor:
            value: Tensor = self.inner(tokens, tokens, tokens)[0]
            return value

    layers = {layer.name: layer for layer in of(Patches(Attention(), TOKENS_FIRST)).layers}
    assert (layers["part.inner"].layout, layers["part.inner"].channels) == ("TBC", 8)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (Function(lambda x: torch.einsum("bct,co->bot", x, torch.ones(8, 12))), "say it in layouts of model.json"),
        (Function(lambda x: x.flatten(0, 1)), "no axis of its own for pictures"),
        (Function(lambda x: torch.ones(4, 8)), "the same however many pictures"),
        (Function(lambda x: x[:, 0, 0]), "one number a picture"),
        (Function(lambda x: x[:, :, None, None]), "5 dimensions"),
        (Function(lambda x: x.argmax(2)), "whole numbers"),
    ],
)
def test_what_cannot_be_pictured_is_left_out_with_the_reason(part: nn.Module, reason: str) -> None:
    found = of(Patches(part, CHANNELS_FIRST))
    assert [layer.name for layer in found.layers] == ["patches"]
    assert reason in found.left_out["part"]


def test_what_is_stated_goes_before_what_is_found() -> None:
    module = Patches(Function(lambda x: torch.einsum("bct,co->bot", x, torch.ones(8, 12))), CHANNELS_FIRST)
    stated = of(module, orders={"part": "channels_first"}).layers[-1]
    assert (stated.layout, stated.channels, stated.height) == ("BCT", 12, TOKENS)
    with pytest.raises(ValueError, match=r"layouts of model\.json names nothing"):
        of(module, orders={"nothing": "channels_last"})


class Volume(nn.Module):
    """A three-dimensional convolution before a linear head."""

    def __init__(self) -> None:
        super().__init__()
        self.volume = nn.Conv3d(1, 8, 3, padding=1)
        self.plane = nn.Conv2d(8, 6, 3)
        self.head = nn.Linear(6, 5)

    def forward(self, inputs: Tensor) -> Tensor:
        plane = self.plane(self.volume(inputs[:, None]).mean(2))
        answer: Tensor = self.head(plane.mean((2, 3)))
        return answer


def test_one_layer_without_a_picture_does_not_take_the_others_along() -> None:
    found = of(Volume())
    assert [(layer.name, axes(layer)) for layer in found.layers] == [("plane", "BCHW"), ("head", "BC")]
    assert found.left_out == {"volume": "has 5 dimensions"}


@pytest.mark.parametrize(
    ("part", "order"), [(nn.Conv1d(8, 12, 3), CHANNELS_FIRST), (nn.LayerNorm(8), TOKENS_FIRST)], ids=["BCT", "TBC"]
)
def test_readings_come_as_pictures_tokens_channels(part: nn.Module, order: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    module = Patches(part, order).eval()
    found = of(module).layers[-1]
    assert found.layout is not None
    network = Network("x", module, Preprocessing(), layouts={"part": found.layout})
    pictures = torch.rand(3, 3, *SIZE)
    own = read(module, pictures, ["part"])["part"].value
    expected = own.transpose(1, 2) if order == CHANNELS_FIRST else own.transpose(0, 1)
    torch.testing.assert_close(Extractor(network, ["part"])(pictures)["part"].value, expected)
    response = respond(network, pictures[0], ["part"], units=1)["part"]
    assert (response.channels, response.height) == (found.channels, found.height)
    best = response.highest[0]
    torch.testing.assert_close(best.value, float(expected[0].max()), rtol=1e-4, atol=1e-5)
    assert best.channel == int(expected[0].max(0).values.argmax())
