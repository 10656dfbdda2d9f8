"""An operator's networks of four channels, one with a second input, through real processes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from featurelens.launcher.claim import free_port
from tests.support.local_network import write
from tests.support.photographs import corners, encoded
from tests.support.stack import Stack
from tests.support.wait import until

CODE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(4, 8, 5, padding=2)
        self.conv2 = nn.Conv2d(8, 12, 3, padding=1)
        self.fc = nn.Linear(14, 3)

    def forward(self, image, meta=None):
        seen = self.conv2(self.conv1(image).relu()).relu().mean((2, 3))
        meta = torch.zeros(len(seen), 2) if meta is None else meta
        return self.fc(torch.cat([seen, meta], 1))

def build():
    return Net()

class Needy(Net):
    def forward(self, image, meta):
        return super().forward(image, meta)
"""
MANIFEST: dict[str, object] = {"factory": "model.py:build", "channels": 4, "input_size": 48, "min_size": 16}
INPUTS = {"inputs": {"meta": [0.5, -1.0]}}
NETWORKS: dict[str, dict[str, object]] = {
    "sheet": MANIFEST,
    "coloured": MANIFEST | {"factory": "model.py:Needy", "display": [2, 1, 0]} | INPUTS,
    "needy": MANIFEST | {"factory": "model.py:Needy"},
}


class Twin(nn.Module):
    """Has the weights of `CODE`."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(4, 8, 5, padding=2)
        self.conv2 = nn.Conv2d(8, 12, 3, padding=1)
        self.fc = nn.Linear(14, 3)

    def forward(self, image: Tensor) -> Tensor:
        seen = self.conv2(self.conv1(image).relu()).relu().mean((2, 3))
        answer: Tensor = self.fc(torch.cat([seen, torch.tensor([[0.5, -1.0]]).expand(len(seen), 2)], 1))
        return answer


@pytest.fixture(scope="module")
def twin() -> Twin:
    torch.manual_seed(3)
    return Twin()


@pytest.fixture(scope="module")
def stack_of_own(tmp_path_factory: pytest.TempPathFactory, twin: Twin) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("own")
    for name, manifest in NETWORKS.items():
        write(folder / "networks" / name, manifest, twin, CODE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEATURELENS_MODELS", str(folder / "networks"))
        with Stack(folder / "state", free_port()) as stack:
            until(lambda: all(_known(stack, name) for name in NETWORKS), 60, "own networks described")
            yield stack


def _known(stack: Stack, name: str) -> bool:
    return stack.http.get(f"/v1/models/{name}/layers").status_code in (200, 422)


def made(stack: Stack, **spec: Any) -> tuple[dict[str, Any], Any]:
    """The resource and its picture."""
    answer = stack.post(**{"layer": "conv2", "channel": 3, "steps": 8} | spec)
    assert answer.status_code == 202, answer.text
    url = answer.headers["location"]
    resource = stack.finished(url)
    picture = Image.open(io.BytesIO(stack.http.get(f"{url}/image").content))
    picture.load()
    return resource, picture


def test_what_is_shown_stands_in_the_catalog(stack_of_own: Stack) -> None:
    entry = stack_of_own.see("/v1/models/coloured")
    assert (entry["input_channels"], entry["display"], entry["photograph"]) == (4, [2, 1, 0], [2, 1, 0])
    entry = stack_of_own.see("/v1/models/sheet")
    assert (entry["input_channels"], entry["display"], entry["photograph"]) == (4, "sheet", None)


@pytest.mark.parametrize(
    ("spec", "mode", "size"),
    [
        ({"model": "coloured"}, "RGB", (48, 48)),
        ({"model": "coloured", "parameterization": {"type": "fourier", "alpha": True}}, "RGBA", (48, 48)),
        ({"model": "sheet"}, "L", (98, 98)),
        ({"model": "sheet", "size": [32, 40], "sign": "negative"}, "L", (82, 66)),
        ({"model": "sheet", "parameterization": {"type": "maco"}}, "LA", (98, 98)),
    ],
)
def test_a_picture_is_what_is_stated(
    stack_of_own: Stack, spec: dict[str, Any], mode: str, size: tuple[int, int]
) -> None:
    resource, picture = made(stack_of_own, **spec)
    assert (picture.mode, picture.size) == (mode, size)
    (image,) = resource["images"]
    assert (image["width"], image["height"]) == size
    stated = [2, 1, 0] if spec["model"] == "coloured" else "sheet"
    assert resource["numbers"]["display"] == stated


def test_what_is_told_is_what_the_network_says_to_the_channels_of_the_sheet(stack_of_own: Stack, twin: Twin) -> None:
    """Without the second input, which needs no value here."""
    resource, picture = made(stack_of_own, model="sheet", layer="fc", channel=1)
    pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(98, 98).float() / 255
    tiles = torch.stack([pixels[top : top + 48, left : left + 48] for top in (0, 50) for left in (0, 50)])[None]
    with torch.no_grad():
        seen = twin.conv2(twin.conv1(tiles).relu()).relu().mean((2, 3))
        says = float(twin.fc(torch.cat([seen, torch.zeros(1, 2)], 1))[0, 1])
    assert resource["numbers"]["activation"] == pytest.approx(says, rel=1e-4, abs=1e-5)


def test_a_photograph_is_seen_in_its_colours(stack_of_own: Stack, twin: Twin) -> None:
    """Red, green and blue in channels 2, 1 and 0, nothing in the fourth; the second input is there."""
    upload = encoded(corners().resize((48, 48)))
    png = {"Content-Type": "image/png"}
    photo = stack_of_own.http.post("/v1/photos", content=upload, headers=png).json()["photo"]
    asked = {"model": "coloured", "photo": photo, "layers": ["fc"]}
    answer = stack_of_own.http.post("/v1/activations", json=asked, headers={"Prefer": "wait=20"})
    assert answer.status_code == 200, answer.text
    told = {one["channel"]: one["value"] for one in answer.json()["layers"][0]["highest_mean"]}
    pixels = torch.frombuffer(bytearray(corners().resize((48, 48)).tobytes()), dtype=torch.uint8).view(48, 48, 3)
    colours = pixels.permute(2, 0, 1).float() / 255
    with torch.no_grad():
        says = twin(torch.cat([colours.flip(0), torch.zeros(1, 48, 48)])[None])[0].tolist()
    assert [told[channel] for channel in range(3)] == pytest.approx(says, rel=1e-4, abs=1e-5)
    for address, fields, pointer in [
        ("/v1/activations", {"photo": photo}, "/photo"),
        (
            "/v1/visualizations",
            {"layer": "conv2", "objective": {"type": "caricature", "photo": photo}},
            "/objective/photo",
        ),
    ]:
        refused = stack_of_own.http.post(address, json={"model": "sheet", **fields})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == pointer
        assert "takes no photographs" in refused.json()["detail"]


def test_previews_show_the_sheet(stack_of_own: Stack) -> None:
    url = stack_of_own.post(model="sheet", layer="conv2", channel=5, steps=4000).headers["location"]
    with stack_of_own.http.stream("GET", f"{url}/events", timeout=60) as answer:
        lines = answer.iter_lines()
        until(lambda: next(lines) == "event: preview", 60, "a preview")
        data = json.loads(next(lines).removeprefix("data: "))
    preview = Image.open(io.BytesIO(stack_of_own.http.get(data["url"]).content))
    assert (preview.format, preview.size) == ("WEBP", (98, 98))
    assert stack_of_own.http.delete(url).status_code == 202


def test_a_second_input_without_a_value_is_told_when_the_network_is_listed(stack_of_own: Stack) -> None:
    problem = stack_of_own.see("/v1/models/needy")["problem"]
    assert "forward needs meta beside the picture" in problem
    assert "inputs in model.json" in problem
    answer = stack_of_own.post(model="needy", layer="conv2", channel=0)
    assert (answer.status_code, problem in answer.json()["detail"]) == (422, True)
