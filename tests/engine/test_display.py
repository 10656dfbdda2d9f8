"""What people see of a picture's channels, to the pixel."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.display import GAP, Display, displayed, grid, usual_display, usual_photograph
from featurelens.engine.network import Network, Preprocessing
from tests.support.small_networks import network


def pixels(channels: int, height: int = 2, width: int = 3, pictures: int = 2) -> Tensor:
    """No two alike."""
    count = pictures * height * width * channels
    return torch.arange(count, dtype=torch.uint8).view(pictures, height, width, channels)


@pytest.mark.parametrize(
    ("channels", "display", "photograph"),
    [(1, (0,), (0,)), (2, "sheet", None), (3, (0, 1, 2), (0, 1, 2)), (4, "sheet", None), (13, "sheet", None)],
)
def test_what_is_usual(channels: int, display: Display, photograph: tuple[int, ...] | None) -> None:
    """Four channels are no colours with transparency, and two no grey."""
    assert usual_display(channels) == display
    assert usual_photograph(channels, display) == photograph
    net = network(nn.Identity(), channels)
    assert (net.shows, net.takes) == (display, photograph)


def test_a_photograph_goes_where_it_is_shown_unless_it_is_said() -> None:
    stated = Preprocessing((0.0,) * 4, (1.0,) * 4)
    cases: list[tuple[Display, tuple[int, ...] | None, tuple[int, ...]]] = [
        ((3, 2, 1), None, (3, 2, 1)),
        ((2,), None, (2,)),
        ("sheet", (0, 1, 2), (0, 1, 2)),
        ((3, 2, 1), (0,), (0,)),
    ]
    for display, photograph, takes in cases:
        assert Network("x", nn.Identity(), stated, display=display, photograph=photograph).takes == takes
    assert Network("x", nn.Identity(), Preprocessing(), display="sheet").takes == (0, 1, 2)


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_and_colours_stay_as_they_are(channels: int) -> None:
    for opacity in (0, 1):
        given = pixels(channels + opacity)
        assert torch.equal(displayed(given, usual_display(channels), channels), given)


def test_three_channels_as_colours_and_one_as_grey() -> None:
    given = pixels(6)
    assert torch.equal(displayed(given, (3, 2, 1), 6), given[..., [3, 2, 1]])
    assert torch.equal(displayed(given, (5,), 6), given[..., 5:])


def test_opacity_stays_behind_the_channels_that_are_shown() -> None:
    given = pixels(5)
    assert torch.equal(displayed(given, (3, 2, 1), 4), given[..., [3, 2, 1, 4]])
    assert torch.equal(displayed(given, (0,), 4), given[..., [0, 4]])


@pytest.mark.parametrize(
    ("channels", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 2, 2), (5, 2, 3), (6, 2, 3), (13, 4, 4)]
)
def test_a_sheet_is_as_square_as_it_gets(channels: int, rows: int, columns: int) -> None:
    assert grid("sheet", channels) == (rows, columns)
    shown = displayed(pixels(channels, pictures=1), "sheet", channels)
    assert shown.shape == (1, rows * (2 + GAP) - GAP, columns * (3 + GAP) - GAP, 1)


def test_every_channel_is_a_tile_and_what_is_between_is_white() -> None:
    given = pixels(5)
    shown = displayed(given, "sheet", 5)[..., 0]
    expected = torch.full((2, 2 + GAP + 2, 3 + GAP + 3 + GAP + 3), 255, dtype=torch.uint8)
    for channel, (top, left) in enumerate([(0, 0), (0, 5), (0, 10), (4, 0), (4, 5)]):
        expected[:, top : top + 2, left : left + 3] = given[..., channel]
    assert torch.equal(shown, expected)


def test_a_transparent_sheet_has_the_opacity_in_every_tile_and_nothing_between() -> None:
    given = pixels(3) + 1
    shown = displayed(given, "sheet", 2)
    assert shown.shape == (2, 2, 3 + GAP + 3, 2)
    assert torch.equal(shown[:, :, :3], given[..., [0, 2]])
    assert torch.equal(shown[:, :, -3:], given[..., [1, 2]])
    assert not shown[:, :, 3:-3].any()
