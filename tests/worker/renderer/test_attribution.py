"""Attribution in the renderer, held against networks for which it is known exactly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from featurelens.engine.network import Network
from featurelens.engine.unit_value import UnitValue
from featurelens.jobs.kinds import ATTRIBUTION
from featurelens.jobs.spec.attribution import AttributionSpec
from featurelens.jobs.store.folder import Folder
from featurelens.jobs.store.photos import Photos
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.kinds import attribution
from featurelens.worker.renderer.photograph import decoded
from tests.support.oriented import FILTERS, oriented
from tests.support.photographs import encoded
from tests.support.small_networks import network, stack

SIZE = (12, 16)
GRADIENTS = {"type": "integrated_gradients", "steps": 20}


class Whole(nn.Module):
    """One unit, `sum`: the weighted sum of all pixels."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)
        self.sum = nn.Identity()

    def forward(self, inputs: Tensor) -> Tensor:
        answer: Tensor = self.sum((inputs * self.weights).sum((1, 2, 3))[:, None])
        return answer


def png(size: tuple[int, int] = SIZE) -> bytes:
    return encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)))


def begun(net: Network, folder: Path, size: tuple[int, int] = SIZE, **fields: Any) -> attribution.AttributionWork:
    photos = Photos(Folder(folder))
    spec = AttributionSpec.model_validate({"model": "m", "photo": photos.add(png(size)), "size": size, **fields})
    ask = Ask(key=ATTRIBUTION.key(spec, "w", "1"), spec=spec, digest="w")
    workshop = attribution.workshop(Device(torch.device("cpu"), torch.float32), photos)
    work = workshop.begin(ask, net, 0.0)
    assert isinstance(work, attribution.AttributionWork)
    assert list(workshop.groups()) == [work]
    return work


def made(net: Network, folder: Path, **fields: Any) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Numbers and arrays."""
    work = begun(net, folder, **fields)
    while not work.tick([work]):
        assert 0 < work.step < ATTRIBUTION.steps(work.ask.spec)  # type: ignore[arg-type]
    assert work.works == []
    finished, payload = work.finish()
    (head,) = finished.files
    assert (head.name, head.bytes) == ("attribution.safetensors", len(payload))
    return finished.numbers, load(payload)


def shown(net: Network) -> NDArray[Any]:
    """(C, H, W) in [0, 1]"""
    picture: NDArray[Any] = decoded(png(), SIZE, net).numpy()
    return picture


class TestOfALinearNetwork:
    """It takes pictures in [-1, 1], so that what its preprocessing turns into zero is 0.5."""

    def setup_method(self) -> None:
        self.weights = torch.randn(3, *SIZE, generator=torch.Generator().manual_seed(1))
        self.net = network(Whole(self.weights))
        self.exact = 2 * self.weights.numpy() * (shown(self.net) - 0.5)

    def test_integrated_gradients_are_weights_times_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("featurelens.worker.renderer.attribution_methods.TICK_PIXELS", 3 * 12 * 16)
        told, arrays = made(self.net, tmp_path, layer="sum", channel=0, method=GRADIENTS)
        np.testing.assert_allclose(arrays["colors"], self.exact, atol=1e-6)
        np.testing.assert_allclose(arrays["attribution"], self.exact.sum(0), atol=1e-6)
        np.testing.assert_array_equal(arrays["photograph"], (shown(self.net) * 255).round().transpose(1, 2, 0))
        assert set(arrays) == {"attribution", "colors", "photograph"}
        assert told["explained"] == pytest.approx(self.exact.sum(), abs=1e-4)
        assert (told["at_baseline"], told["baseline"]) == (pytest.approx(0, abs=1e-5), [0.5] * 3)
        assert told["sum"] == pytest.approx(self.exact.sum(), abs=1e-4)
        assert told["completeness_error"] == pytest.approx(0, abs=1e-4)
        assert told["relative_error"] < 1e-5
        sizes = np.sort(np.abs(arrays["attribution"]).flatten())
        assert sizes[-5] <= told["scale"] <= sizes[-3]
        assert told["precision"] == "float32"

    @pytest.mark.parametrize("side", [4, 5, 12])
    def test_windows_side_by_side_are_complete(self, tmp_path: Path, side: int) -> None:
        method = {"type": "occlusion", "window": side, "stride": side}
        told, arrays = made(self.net, tmp_path, layer="sum", channel=0, method=method)
        pixels, expected = self.exact.sum(0), np.zeros(SIZE)
        for y in range(0, SIZE[0], side):
            for x in range(0, SIZE[1], side):
                expected[y : y + side, x : x + side] = pixels[y : y + side, x : x + side].mean()
        np.testing.assert_allclose(arrays["attribution"], expected, atol=1e-4)
        assert told["relative_error"] < 1e-4
        assert set(arrays) == {"attribution", "photograph"}

    def test_another_baseline(self, tmp_path: Path) -> None:
        net = oriented()
        told, _ = made(net, tmp_path, layer="means", channel=0, method=GRADIENTS)
        assert told["baseline"] == [0.0] * 3
        grey, arrays = made(net, tmp_path, layer="means", channel=0, method=GRADIENTS, baseline="grey")
        assert grey["baseline"] == [0.5] * 3
        assert grey["explained"] == told["explained"]
        assert arrays["attribution"].sum() == pytest.approx(grey["sum"], abs=1e-5)


def test_as_captum_does_on_the_whole_way(tmp_path: Path) -> None:
    net = network(stack())
    told, arrays = made(net, tmp_path, layer="4", channel=3, of="maximum", method=GRADIENTS)
    value, picture = UnitValue(net, "4", 3, maximum=True), decoded(png(), SIZE, net)
    whole = IntegratedGradients(value).attribute(picture[None], 0.5, n_steps=20)[0]
    np.testing.assert_allclose(arrays["colors"], whole, atol=1e-5)
    assert told["explained"] == pytest.approx(float(value(picture[None])))


def test_overlapping_windows_find_the_one_pixel_that_counts(tmp_path: Path) -> None:
    """Each of its windows loses all there is, shared by its pixels; others lose nothing."""
    weights = torch.zeros(3, *SIZE)
    weights[:, 5, 9] = 1
    net = network(Whole(weights))
    method = {"type": "occlusion", "window": 3, "stride": 1}
    told, arrays = made(net, tmp_path, layer="sum", channel=0, method=method)
    loss = float((2 * shown(net)[:, 5, 9] - 1).sum())
    expected = np.zeros(SIZE)
    for y, x in np.ndindex(*SIZE):
        tops = [top for top in range(SIZE[0] - 2) if top <= y < top + 3]
        lefts = [left for left in range(SIZE[1] - 2) if left <= x < left + 3]
        shares = [loss / 9 * (top <= 5 < top + 3 and left <= 9 < left + 3) for top in tops for left in lefts]
        expected[y, x] = np.mean(shares)
    np.testing.assert_allclose(arrays["attribution"], expected, atol=1e-6)
    assert np.abs(arrays["attribution"]).argmax() == 5 * SIZE[1] + 9
    assert told["explained"] == pytest.approx(loss, abs=1e-5)


def test_grad_cam_weights_maps_by_mean_gradients(tmp_path: Path) -> None:
    """A sum of two maps' means, one of them against the unit."""
    maps_of, head = nn.Conv2d(3, 2, 4, stride=4, bias=False), nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        head.weight.copy_(torch.tensor([[2.0, -1.0]]))
    net = network(nn.Sequential(maps_of, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head))
    told, arrays = made(net, tmp_path, layer="3", channel=0, method={"type": "grad_cam", "layer": "0"})
    with torch.no_grad():
        maps = maps_of(torch.from_numpy(2 * shown(net) - 1)[None])[0].numpy()
    expected = (2 * maps[0] - maps[1]) / 12
    assert arrays["map"].shape == (3, 4)
    np.testing.assert_allclose(arrays["map"], expected, atol=1e-6)
    spread = nn.functional.interpolate(torch.from_numpy(expected)[None, None], SIZE, mode="bilinear")[0, 0] / 16
    np.testing.assert_allclose(arrays["attribution"], spread, atol=1e-6)
    assert told["at_baseline"] == pytest.approx(0, abs=1e-6)
    assert told["explained"] == pytest.approx(expected.sum(), abs=1e-5)
    assert set(arrays) == {"attribution", "map", "photograph"}


def test_grad_cam_where_no_gradient_leads(tmp_path: Path) -> None:
    work = begun(oriented(), tmp_path, layer="convolved", channel=0, method={"type": "grad_cam", "layer": "means"})
    with pytest.raises(ValueError, match="no Grad-CAM at layer means"):
        work.tick([work])


@pytest.mark.parametrize("value", ["activation", "preactivation"])
def test_a_position(tmp_path: Path, value: str) -> None:
    """A filter of 3x3 sees its weights, each times its pixel; rectified, nothing where the unit is silent."""
    net = oriented()
    told, arrays = made(
        net, tmp_path, layer="rectified", channel=1, of="position", x=7, y=4, value=value, method=GRADIENTS
    )
    weights = np.zeros(SIZE)
    weights[3:6, 6:9] = np.array(FILTERS[1]) / 3
    exact = weights * shown(net)
    if value == "activation" and exact.sum() < 0:
        exact[:] = 0
    np.testing.assert_allclose(arrays["colors"], exact, atol=1e-5)
    assert told["explained"] == pytest.approx(exact.sum(), abs=1e-5)


def test_a_patch_of_a_transformer(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = network(VisionTransformer(32, 8, 2, 3, 24, 48, num_classes=10).eval())
    unit = {"layer": "encoder.layers.encoder_layer_0", "channel": 2, "of": "position", "method": GRADIENTS}
    told, _ = made(net, tmp_path, size=(32, 32), x=3, y=1, **unit)
    assert told["relative_error"] < 0.01
    work = begun(net, tmp_path, size=(32, 32), x=4, y=1, **unit)
    with pytest.raises(ValueError, match="4 columns and 4 rows"):
        work.tick([work])


def test_the_same_twice_and_left_in_between(tmp_path: Path) -> None:
    unit: dict[str, Any] = {"layer": "4", "channel": 3, "method": {"type": "occlusion", "window": 4, "stride": 2}}
    net = network(stack())
    first, second = (made(net, tmp_path, **unit)[1]["attribution"] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    work = begun(net, tmp_path, **unit)
    assert not work.tick([work])
    work.leave()
    assert (work.works, work.step) == ([], 7)


def test_captum_is_not_imported_until_it_is_needed() -> None:
    """A renderer starts as fast as before. The same of what only scans need."""
    code = "import featurelens.worker.renderer.renderer, featurelens.worker.renderer.kinds.attribution, sys; "
    code += "import featurelens.worker.renderer.kinds.scan; "
    code += "sys.exit(bool({'captum', 'matplotlib', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0
