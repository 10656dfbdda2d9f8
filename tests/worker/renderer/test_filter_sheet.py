"""Filters as a result tells of them: every image that is named shows the kernel that is told, on the stated scale."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from featurelens.engine.display import Display
from featurelens.engine.filters import filters_of
from featurelens.engine.filters.pictures import BLANK, GREY
from featurelens.engine.network import Network, Preprocessing
from featurelens.jobs.palette import DARK_BLUE, LIGHT_ORANGE
from featurelens.jobs.spec.filters import MAX_UNITS
from featurelens.worker.protocol import MAX_LINE, Finished
from featurelens.worker.renderer.filter_sheet import MOST_NUMBERS, SIDE, FilterSheet
from tests.support import weighted_networks as nets
from tests.support.small_networks import seeded
from tests.support.weighted_networks import SIZE, chain, double


def told(network: Network, layer: str, channel: int = 1, units: int = 4) -> tuple[Finished, Tensor]:
    """The message, and the pictures (n, S, S, 3)."""
    done, pixels = FilterSheet(filters_of(network, layer, channel, SIZE, units), network).message({})
    shape = (done.pictures, done.height, done.width, done.channels or 3)
    return done, torch.frombuffer(bytearray(pixels), dtype=torch.uint8).view(shape) if pixels else torch.zeros(0)


def shades(picture: Tensor, height: int, width: int) -> Tensor:
    """(height, width, 3): one pixel of each weight of an enlarged kernel."""
    times = SIDE // max(height, width)
    top, left = (SIDE - times * height) // 2, (SIDE - times * width) // 2
    return picture[top : top + times * height : times, left : left + times * width : times]


def connections(numbers: dict[str, Any], *lists: str) -> list[dict[str, Any]]:
    return [one for name in lists for sign in ("positive", "negative") for one in numbers[name][sign]]


def test_every_kernel_is_drawn_as_told() -> None:
    done, pictures = told(double(nets.plain()), "act2")
    assert (done.columns, done.pictures % 4) == (4, 0)
    for name in ("incoming", "expanded"):
        scale = done.numbers[name]["scale"]
        for one in connections(done.numbers, name):
            shown = shades(pictures[one["image"]], one["height"], one["width"]).double()
            part = torch.tensor(one["kernel"], dtype=torch.float64)[..., None] / scale
            ends = torch.where(part > 0, torch.tensor(LIGHT_ORANGE), torch.tensor(DARK_BLUE))
            assert (shown - (GREY + part.abs() * (ends - GREY))).abs().max() < 0.51
    assert (
        max(abs(one["strength"]) for one in connections(done.numbers, "incoming"))
        <= 3 * done.numbers["incoming"]["scale"]
    )
    blank = set(range(done.pictures))
    blank -= {one["image"] for one in connections(done.numbers, "incoming", "outgoing", "expanded")}
    blank -= {done.numbers["expanded_picture"][part] for part in ("whole", "positive", "negative")}
    assert all(bool((pictures[place] == BLANK).all()) for place in blank)


def test_a_kernel_over_the_picture_has_two_parts() -> None:
    network = double(nets.plain())
    done, pictures = told(network, "act1")
    parts = done.numbers["picture"]
    kernel = filters_of(network, "act1", 1, SIZE).picture
    assert kernel is not None
    whole, positive, negative = (
        shades(pictures[parts[name]], 5, 5).double() for name in ("whole", "positive", "negative")
    )
    expected = 127.5 + 127.5 * kernel.permute(1, 2, 0) / float(kernel.abs().max())
    assert (whole - expected).abs().max() < 0.51
    assert parts["scale"] == pytest.approx(float(kernel.abs().max()), rel=1e-5)
    assert bool((positive >= 127).all())
    assert bool((negative <= 128).all())
    assert (positive + negative - whole - GREY).abs().max() <= 1


@pytest.mark.parametrize(
    ("channels", "display", "reverse", "first"),
    [
        (3, None, True, (2, 1, 0)),
        (1, None, False, (0, 0, 0)),
        (4, (3, 1, 0), False, (3, 1, 0)),
        (4, "sheet", False, None),
    ],
)
def test_colours_are_those_that_pictures_show(
    channels: int, display: Display | None, reverse: bool, first: tuple[int, ...] | None
) -> None:
    module = seeded(chain(conv=nn.Conv2d(channels, 2, 3)))
    network = Network(
        "n", module, Preprocessing((0.5,) * channels, (0.5,) * channels, reverse=reverse), display=display
    )
    done, pictures = told(network, "conv")
    kernel = filters_of(network, "conv", 1, SIZE).picture
    assert kernel is not None
    shown = pictures[done.numbers["picture"]["whole"]].double()
    if first is None:
        assert len(set(shown.flatten().tolist())) > channels * 2, "tiles"
        return
    expected = 127.5 + 127.5 * kernel[list(first)].permute(1, 2, 0) / float(kernel.abs().max())
    assert (shades(shown, 3, 3) - expected).abs().max() < 0.51


def test_what_has_no_weights_has_no_pictures() -> None:
    network = double(chain(norm=nn.GroupNorm(1, 3)))
    done, _ = told(network, "norm")
    assert (done.pictures, done.numbers["summands"]) == (0, [])
    assert done.numbers["unknown"] == ["what makes norm: group_norm is not a sum of its channels with fixed weights"]


def test_large_kernels_are_pictures_only() -> None:
    side = 48
    module = seeded(chain(conv=nn.Conv2d(3, 2, 1), act=nn.ReLU(), flat=nn.Flatten(), fc=nn.Linear(2 * side * side, 2)))
    network = Network("n", module, Preprocessing())
    done, _ = FilterSheet(filters_of(network, "fc", 0, (side, side)), network).message({})
    (one, *_) = connections(done.numbers, "incoming")
    assert (one["kernel"], one["height"] * one["width"] > MOST_NUMBERS) == (None, True)


def test_the_longest_answer_fits_into_a_message() -> None:
    kernel = [[-1.23456e-30] * 32] * 32
    through = [{"function": "adaptive_avg_pool2d", "layer": "x" * 200}] * 3
    one = {"layer": "x" * 200, "channel": 2**31, "kernel": kernel, "through": through, "strength": -1.23456e-30}
    lists = {name: {"positive": [one] * MAX_UNITS, "negative": [one] * MAX_UNITS} for name in ("a", "b", "c")}
    assert len(json.dumps(lists)) < MAX_LINE / 1.2
