"""Feature maps of a network with one filter per orientation, held against the same sums done by hand in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from featurelens.engine.layer_maps import layer_maps
from featurelens.engine.network import Network, Preprocessing
from featurelens.engine.token_grid import TokenGrid, token_grid
from tests.support.oriented import FILTERS, by_hand, oriented
from tests.support.small_networks import network


def picture(height: int = 9, width: int = 12) -> Tensor:
    """(3, H, W): a bright horizontal edge above, a vertical one below, and some noise."""
    pixels = torch.rand(3, height, width, generator=torch.Generator().manual_seed(3)) * 0.1
    pixels[:, 2:4] += 0.8
    pixels[:, 4:, width // 2 :] += 0.6
    return pixels


def test_maps_are_the_sums_of_the_filters() -> None:
    found = layer_maps(oriented(), picture(), "rectified")
    expected = by_hand(picture())
    assert found.preactivation is not None
    assert found.preactivation.shape == (len(FILTERS), 9, 12)
    np.testing.assert_allclose(found.preactivation.numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(found.activation.numpy(), expected.clip(0), atol=1e-6)
    assert (expected < -0.5).any(), "some filter is of the other sign somewhere"
    assert list(found.values) == ["activation", "preactivation"]
    assert (found.tokens, found.first, found.attention, found.attends) == (None, None, None, None)


def test_signs_and_places() -> None:
    """The horizontal filter fires above the bright stripe, where it gets brighter, and is negative below it."""
    maps = layer_maps(oriented(), picture(), "convolved").activation
    assert maps[0, 1:3].mean() > 1
    assert maps[0, 4, :5].mean() < -1
    assert int(maps[1, 6].argmax()) in (5, 6), "the vertical edge"


def test_without_a_rectifier_there_is_nothing_before() -> None:
    found = layer_maps(oriented(), picture(), "convolved")
    assert found.preactivation is None
    np.testing.assert_allclose(found.activation.numpy(), by_hand(picture()), atol=1e-6)
    assert found.activation.is_contiguous()


def test_a_vector_is_one_position() -> None:
    found = layer_maps(oriented(), picture(), "means")
    np.testing.assert_allclose(found.activation[:, 0, 0].numpy(), by_hand(picture()).clip(0).mean((1, 2)), atol=1e-6)


def test_what_are_no_numbers_are_refused() -> None:
    class Wrong(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.logs = nn.Identity()

        def forward(self, inputs: Tensor) -> Tensor:
            logs: Tensor = self.logs((inputs - 10).log())
            return logs

    with pytest.raises(ValueError, match="no numbers"):
        layer_maps(Network("wrong", Wrong(), Preprocessing((0.0,) * 3, (1.0,) * 3)), picture(), "logs")


@pytest.fixture(scope="module")
def vit() -> Network:
    torch.manual_seed(0)
    return network(VisionTransformer(32, 8, 2, 3, 24, 48, num_classes=10).eval())


def test_tokens_lie_as_their_patches_do(vit: Network) -> None:
    """Of the layer before anything is mixed: every token follows from its patch."""
    shown = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        patches = vit.module.get_submodule("conv_proj")(vit.preprocessing(shown[None]))[0]
        position = vit.module.get_submodule("encoder").get_parameter("pos_embedding")[0]
        class_token = vit.module.get_parameter("class_token")[0, 0]
    found = layer_maps(vit, shown, "encoder.dropout")
    assert found.tokens == TokenGrid(4, 4, 1)
    assert found.first is not None
    torch.testing.assert_close(found.activation, patches + position[1:].T.reshape(24, 4, 4))
    torch.testing.assert_close(found.first[:, 0], class_token + position[0])


def test_attention_is_that_of_every_head(vit: Network) -> None:
    """The softmax of the scaled products of queries and keys, by hand in float64."""
    shown = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(2))
    block = "encoder.layers.encoder_layer_1"
    found = layer_maps(vit, shown, block)
    assert found.attends == f"{block}.self_attention"
    assert found.attention is not None
    given = layer_maps(vit, shown, f"{block}.ln_1")
    assert given.first is not None
    tokens = torch.cat([given.first, given.activation.flatten(1)], 1).T.double()
    attention = vit.module.get_submodule(f"{block}.self_attention")
    assert isinstance(attention, nn.MultiheadAttention)
    projected = tokens @ attention.in_proj_weight.double().T + attention.in_proj_bias.double()
    queries, keys, _ = projected.chunk(3, 1)
    for head in range(3):
        part = slice(8 * head, 8 * head + 8)
        expected = (queries[:, part] @ keys[:, part].T / 8**0.5).softmax(1)
        torch.testing.assert_close(found.attention[head].double(), expected, atol=1e-6, rtol=1e-5)
    assert layer_maps(vit, shown, f"{block}.self_attention").attends == f"{block}.self_attention"
    assert layer_maps(vit, shown, "encoder").attention is None, "two of them: which?"
    assert layer_maps(vit, shown, f"{block}.ln_1").attention is None


@pytest.mark.parametrize(
    ("tokens", "sizes", "grid"),
    [
        (197, [(14, 14)], TokenGrid(14, 14, 1)),
        (196, [(14, 14)], TokenGrid(14, 14, 0)),
        (201, [(112, 112), (14, 14)], TokenGrid(14, 14, 5)),
        (12, [(3, 4), (56, 56)], TokenGrid(3, 4, 0)),
        (50, [(14, 14)], None),
        (50, [], None),
        (9, [(1, 1)], None),
    ],
)
def test_which_grid_fits(tokens: int, sizes: list[tuple[int, int]], grid: TokenGrid | None) -> None:
    assert token_grid(tokens, sizes) == grid
