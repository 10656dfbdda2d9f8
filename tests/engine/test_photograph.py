"""The middle of a photograph, in the size and with the channels that were asked for."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from featurelens.engine.photograph import crop_and_resize


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
