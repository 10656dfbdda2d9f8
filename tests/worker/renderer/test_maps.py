"""The renderer's file of maps: what the network answers to a photograph, held against sums by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load
from torch import nn
from torchvision.models import VisionTransformer

from featurelens.engine.network import Network
from featurelens.jobs.kinds import MAPS
from featurelens.jobs.spec.maps import MapsSpec
from featurelens.jobs.store.folder import Folder
from featurelens.jobs.store.photos import Photos
from featurelens.worker.protocol import Ask, Finished
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.kinds import maps
from tests.support.oriented import by_hand, oriented
from tests.support.photographs import corners, encoded
from tests.support.small_networks import network

SIZE = (12, 16)


def made(
    net: Network, layer: str, folder: Path, size: tuple[int, int] = SIZE
) -> tuple[Finished, dict[str, np.ndarray]]:
    """The message and the arrays for a photograph of noise."""
    photos = Photos(Folder(folder))
    photo = photos.add(encoded(noise(size)))
    spec = MapsSpec(model="m", photo=photo, layer=layer, size=size)
    ask = Ask(key=MAPS.key(spec, "w", "1"), spec=spec, digest="w")
    work = maps.workshop(Device(torch.device("cpu"), torch.float32), photos).begin(ask, net, 0.0)
    assert work.tick([work]) == [work]
    finished, payload = work.finish()
    (head,) = finished.files
    assert (head.name, head.bytes) == ("maps.safetensors", len(payload))
    return finished, load(payload)


def noise(size: tuple[int, int]) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    return Image.fromarray(pixels)


def test_every_number_of_the_layer(tmp_path: Path) -> None:
    finished, arrays = made(oriented(), "rectified", tmp_path)
    photograph = np.asarray(noise(SIZE))
    np.testing.assert_array_equal(arrays["photograph"], photograph)
    expected = by_hand(torch.from_numpy(photograph.transpose(2, 0, 1) / 255))
    np.testing.assert_allclose(arrays["preactivation"], expected, atol=1e-6)
    np.testing.assert_allclose(arrays["activation"], expected.clip(0), atol=1e-6)
    for name, hand in (("activation", expected.clip(0)), ("preactivation", expected)):
        for kind, take in (("maximum", np.max), ("minimum", np.min), ("mean", np.mean)):
            np.testing.assert_allclose(arrays[f"{name}.{kind}"], take(hand, (1, 2)), atol=1e-6)
    told = finished.numbers
    assert (told["channels"], told["height"], told["width"]) == (4, *SIZE)
    assert told["values"]["preactivation"] == {
        "minimum": pytest.approx(expected.min(), abs=1e-6),
        "maximum": pytest.approx(expected.max(), abs=1e-6),
    }
    assert told["values"]["activation"]["minimum"] == 0
    assert (told["tokens"], told["attention"], told["precision"]) == (None, None, "float32")
    assert set(arrays) == {
        "photograph",
        *(
            f"{name}{part}"
            for name in ("activation", "preactivation")
            for part in ("", ".maximum", ".minimum", ".mean")
        ),
    }


def test_the_same_twice(tmp_path: Path) -> None:
    first, second = (made(oriented(), "convolved", tmp_path)[0].files for _ in range(2))
    assert first == second


def test_a_transformer(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = network(VisionTransformer(32, 8, 2, 3, 24, 48, num_classes=10).eval())
    finished, arrays = made(net, "encoder.layers.encoder_layer_0", tmp_path, (32, 32))
    assert finished.numbers["tokens"] == {"height": 4, "width": 4, "first": 1}
    told = finished.numbers["attention"]
    assert told == {
        "module": "encoder.layers.encoder_layer_0.self_attention",
        "heads": 3,
        "queries": 17,
        "keys": 17,
    }
    assert (arrays["activation"].shape, arrays["first"].shape) == ((24, 4, 4), (24, 1))
    np.testing.assert_allclose(arrays["attention"].sum(2), np.ones((3, 17)), atol=1e-5)


def test_more_than_is_kept_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the catalog cannot tell how many there will be."""
    monkeypatch.setattr(maps, "MAX_BYTES", 4 * 12 * 16 * 4 - 1)
    with pytest.raises(ValueError, match="kept of one layer"):
        made(oriented(), "convolved", tmp_path)


def test_a_network_that_sees_grey(tmp_path: Path) -> None:
    net = network(nn.Sequential(nn.Conv2d(1, 2, 3)), channels=1)
    _, arrays = made(net, "0", tmp_path)
    assert arrays["photograph"].shape == (*SIZE, 1)
    assert arrays["activation"].shape == (2, 10, 14)


def test_corners_stay_where_they_are(tmp_path: Path) -> None:
    photos = Photos(Folder(tmp_path))
    spec = MapsSpec(model="m", photo=photos.add(encoded(corners())), layer="convolved", size=(16, 16))
    ask = Ask(key=MAPS.key(spec, "w", "1"), spec=spec, digest="w")
    work = maps.workshop(Device(torch.device("cpu"), torch.float32), photos).begin(ask, oriented(), 0.0)
    work.tick([work])
    shown = load(work.finish()[1])["photograph"]
    wanted = np.asarray(corners().convert("RGB").resize((16, 16)))
    for place in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        np.testing.assert_allclose(shown[place].astype(int), wanted[place].astype(int), atol=40)
