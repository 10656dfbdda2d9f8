"""What is told of finished pictures: their order, their rows on the sheet, every number."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from featurelens.engine.network import Network
from featurelens.engine.optimization import Rendering
from featurelens.jobs.contact_sheet import GAP
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.queue.record import Record
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.protocol import Finished
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.response import DORMANT, Response
from featurelens.worker.slot.pictures import encoded
from tests.support.small_networks import network

HEIGHT, WIDTH = 2, 3
CPU = torch.device("cpu")


def shade(*shades: int, channels: int = 3) -> Tensor:
    """One plain picture for each shade."""
    return torch.stack([torch.full((HEIGHT, WIDTH, channels), value, dtype=torch.uint8) for value in shades])


def result(pixels: Tensor, **changes: Any) -> Rendering:
    given = {
        "measures": {"activation": [float(n) for n in range(1, pixels.shape[0] + 1)]},
        "curve": [0.123456789, 2.0],
        "snapshots": [],
        "dormant": False,
    }
    return Rendering(pixels, **{**given, **changes})


def spec(**fields: Any) -> VisualizationSpec:
    given = {"model": "m", "layer": "l", "channel": 0, "steps": 48, "size": [8, 9], **fields}
    return VisualizationSpec.model_validate(given)


def record(asked: VisualizationSpec) -> Record:
    now = datetime.now(UTC)
    return Record(status="running", attempt="a", spec=asked, digest="d", created=now, steps=asked.steps)


def message(made: Rendering, net: Network | None = None, **fields: Any) -> tuple[Finished, bytes]:
    answer = Response(spec(**fields), made, steps=48, seconds=1.23456)
    return answer.message(net or network(nn.Identity()), Device(CPU, torch.bfloat16))


def test_the_finished_picture_comes_first_then_its_stages() -> None:
    finished, pixels = message(result(shade(9), snapshots=[(0, shade(1)), (4, shade(2))]))
    assert (finished.pictures, finished.columns, finished.steps) == (3, 3, [48, 0, 4])
    assert (finished.height, finished.width, finished.channels) == (HEIGHT, WIDTH, 3)
    assert pixels == b"".join(bytes([value]) * HEIGHT * WIDTH * 3 for value in (9, 1, 2))


@pytest.mark.parametrize(
    ("objective", "pictures", "stages", "columns"),
    [
        ({"type": "channel"}, 1, 0, 1),
        ({"type": "diversity"}, 4, 0, 2),
        ({"type": "diversity"}, 5, 0, 3),
        ({"type": "diversity"}, 4, 1, 4),
        ({"type": "interpolation", "channel": 1}, 5, 0, 5),
        ({"type": "interpolation", "channel": 1}, 5, 2, 5),
    ],
)
def test_rows_of_the_sheet(objective: dict[str, Any], pictures: int, stages: int, columns: int) -> None:
    block = shade(*range(pictures))
    finished, pixels = message(result(block, snapshots=[(n, block) for n in range(stages)]), objective=objective)
    assert (finished.pictures, finished.columns) == (pictures * (1 + stages), columns)
    assert finished.steps == [48] * pictures + [n for n in range(stages) for _ in range(pictures)]
    assert len(pixels) == finished.bytes


@pytest.mark.parametrize(("channels", "opaque"), [(1, 2), (3, 4)])
def test_stages_before_there_was_a_mask_are_opaque(channels: int, opaque: int) -> None:
    made = result(shade(9, channels=opaque), snapshots=[(0, shade(1, channels=channels))])
    finished, pixels = message(made, network(nn.Identity(), channels))
    assert finished.channels == opaque
    assert pixels[-HEIGHT * WIDTH * opaque :] == (bytes([1]) * channels + b"\xff") * HEIGHT * WIDTH


def test_numbers() -> None:
    net = network(nn.Identity())
    numbers = message(result(shade(9)), net, seed=7)[0].numbers
    assert (numbers["activation"], numbers["curve"], numbers["warnings"]) == (1.0, [0.12346, 2.0], [])
    assert (numbers["steps"], numbers["seconds"], numbers["seed"]) == (48, 1.235, 7)
    assert (numbers["device"], numbers["precision"], numbers["weights"]) == ("cpu", "bfloat16", net.digest)
    assert numbers["versions"]["torch"] == torch.__version__
    assert numbers["instructions"].split()[0] == torch.backends.cpu.get_cpu_capability()
    assert numbers["threads"] == torch.get_num_threads()
    assert "pictures" not in numbers
    measured = Network("m", nn.Identity(), net.preprocessing, digest="torchvision:x", sha256="ab" * 32)
    assert message(result(shade(9)), measured)[0].numbers["weights"] == "sha256:" + "ab" * 32


def test_each_of_several_pictures_has_numbers_of_its_own() -> None:
    measures = {"activation": [1.0, 2.0, 6.0], "likeness": [0.0, 0.5, 1.0]}
    made = result(shade(1, 2, 3), measures=measures, snapshots=[(0, shade(4, 5, 6))])
    numbers = message(made, objective={"type": "diversity", "pictures": 3})[0].numbers
    assert (numbers["activation"], numbers["likeness"]) == (3.0, 0.5)
    assert numbers["pictures"] == [
        {"activation": 1.0, "likeness": 0.0},
        {"activation": 2.0, "likeness": 0.5},
        {"activation": 6.0, "likeness": 1.0},
    ]


def test_a_unit_that_never_woke_is_told() -> None:
    silent = result(shade(9), dormant=True, measures={"activation": [0.0]}, curve=[0.0, 0.0])
    assert message(silent)[0].numbers["warnings"] == [DORMANT]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(RenderFailed, match="try a smaller learning rate"):
        message(result(shade(1, 2), measures={"activation": [1.0, value]}))


def test_the_slot_makes_a_file_of_each_and_a_sheet_in_the_order_of_time() -> None:
    asked = spec()
    finished, pixels = message(result(shade(90), snapshots=[(0, shade(10)), (4, shade(20))]))
    images, told = encoded("fv1_0", record(asked), finished, pixels)
    assert [picture.step for picture in told] == [48, 0, 4, None]
    opened = [Image.open(io.BytesIO(png)) for png in images]
    assert [image.getpixel((0, 0)) for image in opened[:3]] == [(90, 90, 90), (10, 10, 10), (20, 20, 20)]
    sheet = opened[3]
    assert sheet.size == (told[3].width, told[3].height) == (3 * WIDTH + 2 * GAP, HEIGHT)
    row = [sheet.getpixel((column * (WIDTH + GAP), 0)) for column in range(3)]
    assert row == [(10, 10, 10), (20, 20, 20), (90, 90, 90)]
    for image in opened:
        text = json.loads(image.info["featurelens"])
        assert (text["key"], text["spec"]) == ("fv1_0", asked.model_dump(mode="json"))


def test_a_single_picture_has_no_sheet() -> None:
    finished, pixels = message(result(shade(9)))
    images, told = encoded("k", record(spec()), finished, pixels)
    assert (len(images), [picture.step for picture in told]) == (1, [48])
