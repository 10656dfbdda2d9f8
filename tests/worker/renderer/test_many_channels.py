"""Networks with other inputs than grey and colours: everything that can be asked for, through to the pixels."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from featurelens.engine.display import GAP, Display, displayed
from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.optimization import Rendering
from featurelens.engine.parameterizations import Photograph
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.protocol import Finished
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.preview import LONGEST, preview
from featurelens.worker.renderer.recipes import recipe
from featurelens.worker.renderer.response import Response
from tests.support.lanes import finish
from tests.support.recipes import SIZE, asked, photograph, taking
from tests.support.specs import KINDS, OBJECTIVES, PARAMETERIZATIONS

HEIGHT, WIDTH = SIZE
CPU = Device(torch.device("cpu"), torch.float32)
TRANSPARENT = [(name, alpha) for name in PARAMETERIZATIONS for alpha in (False, True) if name != "maco" or not alpha]


def rendered(wanted: VisualizationSpec, net: Network) -> tuple[Rendering, Finished, Tensor]:
    """After its steps: what the engine has, and what is sent."""
    asked_for = recipe(wanted, net, lambda _: photograph())
    lane = Lane(net, asked_for.objective.layers, asked_for.size)
    one = lane.join(asked_for)
    finish(lane)
    assert one.failure is None
    result = lane.result(one)
    message, pixels = Response(wanted, result, one.step, 1.0).message(net, CPU)
    shape = (message.pictures, message.height, message.width, message.channels)
    return result, message, torch.frombuffer(bytearray(pixels), dtype=torch.uint8).view(shape)


@pytest.mark.parametrize("sign", ["positive", "negative"])
@pytest.mark.parametrize(("parameterization", "alpha"), TRANSPARENT)
@pytest.mark.parametrize("kind", KINDS)
def test_five_channels(kind: str, parameterization: str, alpha: bool, sign: str) -> None:
    """Every objective with every parameterization, shown as three of the channels."""
    if OBJECTIVES[kind].only_with and parameterization != "fourier":
        return  # refused for every network: tests/worker/renderer/test_recipes.py
    if sign == "negative" and not OBJECTIVES[kind].has_negative:
        return  # likewise
    opacity = {"alpha": True} if alpha else {}
    wanted = asked(kind, parameterization={"type": parameterization, **opacity}, snapshots=[0], sign=sign)
    result, message, pixels = rendered(wanted, taking(5, display=(4, 0, 2)))
    behind = int(result.pixels.shape[3] == 6)
    assert behind == (parameterization == "maco" or (alpha and kind != "accentuation"))
    assert pixels.shape == (2 * wanted.pictures, HEIGHT, WIDTH, 3 + behind)
    assert torch.equal(pixels[: wanted.pictures], result.pixels[..., [4, 0, 2, *range(5, 5 + behind)]])
    assert bool(pixels[:, :, :, :3].float().std((1, 2)).gt(0).any()) or parameterization == "cppn"
    assert message.numbers["display"] == (4, 0, 2)


@pytest.mark.parametrize("channels", [2, 4, 13, 16])
@pytest.mark.parametrize("alpha", [False, True])
def test_by_default_all_channels_are_on_a_sheet(channels: int, alpha: bool) -> None:
    """Two channels are not grey with opacity, and four are not colours with opacity."""
    result, message, pixels = rendered(asked(parameterization={"type": "fourier", "alpha": alpha}), taking(channels))
    assert message.numbers["display"] == "sheet"
    assert message.channels == 1 + alpha
    assert torch.equal(pixels, displayed(result.pixels, "sheet", channels))
    assert message.width > 2 * WIDTH


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_and_colours_are_told_of_as_ever(channels: int) -> None:
    _, message, _ = rendered(asked(), taking(channels))
    assert "display" not in message.numbers
    assert (message.height, message.width, message.channels) == (HEIGHT, WIDTH, channels)


@pytest.mark.parametrize("kind", ["caricature", "inversion", "accentuation", "layer"])
@pytest.mark.parametrize("channels", [2, 5])
def test_photographs_stand_in_their_channels(kind: str, channels: int) -> None:
    places = (1,) if channels == 2 else (3, 1, 0)
    net = taking(channels, photograph=places)
    objective: dict[str, Any] = {"photo": "sha256:" + "0" * 64}
    made = recipe(asked(kind, objective), net, lambda _: photograph())
    home = made.regularizers.home
    assert home is not None
    still = [channel for channel in range(channels) if channel not in places]
    assert home[list(places)].std((1, 2)).gt(0.1).all()
    assert (home[still] == 0.5).all()  # these networks have their means there
    assert isinstance(made.parameterization, Photograph) == (kind in ("accentuation", "layer"))
    result, _, _ = rendered(asked(kind, objective), net)
    assert result.pixels.shape == (1, HEIGHT, WIDTH, channels)
    with pytest.raises(ValueError, match="takes no photographs"):
        recipe(asked(kind, objective), taking(channels), lambda _: photograph())


@pytest.mark.parametrize(
    ("channels", "display", "size", "shape"),
    [
        (3, None, (32, 40), (32, 40, 3)),
        (6, (5, 0, 1), (32, 40), (32, 40, 3)),
        (6, (5,), (32, 40), (32, 40, 1)),
        (6, "sheet", (32, 40), (2 * 32 + GAP, 3 * 40 + 2 * GAP, 1)),
        (13, "sheet", (64, 64), (190, 190, 1)),
        (3, None, (300, 150), (192, 96, 3)),
        (2, "sheet", (100, 200), (48, 2 * 95 + GAP, 1)),
    ],
)
def test_previews_show_the_same_in_small(
    channels: int, display: Display | None, size: tuple[int, int], shape: tuple[int, int, int]
) -> None:
    net = taking(channels, display=display)
    wanted = recipe(asked().completed(size=size), net, lambda _: photograph())
    lane = Lane(net, wanted.objective.layers, size)
    one = lane.join(wanted)
    lane.tick()
    message, pixels = preview(lane, one)
    assert (message.height, message.width, message.channels) == shape
    assert max(shape[:2]) <= LONGEST
    assert len(pixels) == message.bytes


def test_a_picture_of_too_few_channels_is_refused() -> None:
    """Colours before a network of two channels are not grey with opacity."""
    lane = Lane(taking(2), ("2",), SIZE)
    with pytest.raises(ValueError, match="takes pictures of 2 channels"):
        lane.join(recipe(asked(), taking(3), lambda _: photograph()))
