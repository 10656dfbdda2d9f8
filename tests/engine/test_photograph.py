"""The middle of a photograph, in the size and with the channels that were asked for."""

from __future__ import annotations

import pytest
import torch
from PIL import Image
from torch import nn

from featurelens.engine.network import Network, Preprocessing
from featurelens.engine.photograph import as_picture, crop_and_resize


def test_one_of_the_same_size_stays_as_it_is() -> None:
    image = Image.new("RGB", (2, 1), (0, 51, 255))
    image.putpixel((1, 0), (255, 0, 102))
    expected = torch.tensor([[0.0, 1.0], [0.2, 0.0], [1.0, 0.4]])[:, None]
    torch.testing.assert_close(crop_and_resize(image, (1, 2), 3), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [(8, 8), (16, 16), (32, 32), (33, 33)])
def test_the_largest_centred_square(size: tuple[int, int]) -> None:
    """64 wide and 32 high: green where a square of 32 reaches, red where it does not."""
    image = Image.new("RGB", (64, 32), (255, 0, 0))
    image.paste((0, 255, 0), (16, 0, 48, 32))
    seen = crop_and_resize(image, size, 3)
    green = torch.tensor([0.0, 1.0, 0.0])[:, None, None].expand(3, *size)
    torch.testing.assert_close(seen, green)


def test_in_bounds_where_interpolation_overshoots() -> None:
    image = Image.new("L", (8, 8), 0)
    image.paste(255, (4, 0, 8, 8))
    seen = crop_and_resize(image, (32, 32), 1)
    assert (seen.shape, float(seen.min()), float(seen.max())) == ((1, 32, 32), 0.0, 1.0)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_mode(mode: str, channels: int) -> None:
    seen = crop_and_resize(Image.new("RGB", (9, 12), "white").convert(mode), (4, 3), channels)
    torch.testing.assert_close(seen, torch.ones(channels, 4, 3))


COLOURED = Image.new("RGB", (6, 6), (255, 51, 0))
MEANS = Preprocessing((0.2, 0.4, 0.6, 3.0, -1.0), (0.1,) * 5)


@pytest.mark.parametrize(
    ("places", "expected"),
    [((3, 1, 0), [0.0, 0.2, 0.6, 1.0, 0.0]), ((2,), [0.2, 0.4, 106 / 255, 1.0, 0.0])],
    ids=["colours", "grey"],
)
def test_a_photograph_goes_to_its_channels_and_the_others_are_at_their_means(
    places: tuple[int, ...], expected: list[float]
) -> None:
    """As far as a picture can be: what lies outside [0, 1] is at its edge."""
    seen = as_picture(COLOURED, (4, 3), Network("bands", nn.Identity(), MEANS, photograph=places))
    torch.testing.assert_close(seen, torch.tensor(expected)[:, None, None].expand(5, 4, 3))


def test_what_is_at_its_mean_is_prepared_as_zero() -> None:
    prepared = Preprocessing((10.0, 20.0), (5.0, 2.0), low=0.0, high=100.0)
    seen = as_picture(COLOURED, (4, 4), Network("radar", nn.Identity(), prepared, photograph=(0,)))
    torch.testing.assert_close(prepared(seen[None])[0, 1], torch.zeros(4, 4), rtol=0, atol=1e-6)


def test_where_nobody_has_said_which_channels_are_colours_there_are_no_photographs() -> None:
    with pytest.raises(ValueError, match="which of its channels are red, green and blue"):
        as_picture(COLOURED, (4, 4), Network("bands", nn.Identity(), MEANS))
