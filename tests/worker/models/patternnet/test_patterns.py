"""The patterns are what their names say, and patternnet tells them apart."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch import Tensor

from featurelens.jobs.settings import Settings
from featurelens.worker.models.patternnet.patterns import LABELS, images
from featurelens.worker.models.patternnet.train import BATCH, HELD_OUT, Batches
from featurelens.worker.models.registry import Registry
from featurelens.worker.models.sources.bundled import FOLDER, WEIGHTS


def peak(picture: Tensor) -> tuple[float, float]:
    """(degrees of the stripes as `patterns` defines them, period in pixels) of the strongest wave in (3, N, N)."""
    side = picture.shape[-1]
    window = torch.hann_window(side, periodic=False)
    power = torch.fft.fft2((picture - picture.mean((1, 2), keepdim=True)) * window * window[:, None]).abs().sum(0)
    row, column = divmod(int(power[: side // 2 + 1].argmax()), side)
    frequencies = torch.fft.fftfreq(side)
    fx, fy = float(frequencies[column]), float(frequencies[row])
    return math.degrees(math.atan2(fx, fy)) % 180, 1 / math.hypot(fx, fy)


@pytest.mark.parametrize("degrees", [0, 45, 90, 135])
@pytest.mark.parametrize(("name", "shortest", "longest"), [("coarse", 11, 22), ("fine", 4.5, 8)])
def test_stripes_have_their_angle_and_period(degrees: int, name: str, shortest: float, longest: float) -> None:
    label = torch.full((8,), LABELS.index(f"stripes {degrees} {name}"))
    for picture in images(label, 96, 96, torch.Generator().manual_seed(5)):
        angle, period = peak(picture)
        assert abs((angle - degrees + 90) % 180 - 90) < 16
        assert shortest < period < longest


def test_the_same_generator_draws_the_same_images() -> None:
    labels = torch.arange(len(LABELS))
    one, two = (images(labels, 40, 56, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, two)
    assert one.shape == (len(LABELS), 3, 40, 56)
    assert one.min() >= 0 and one.max() <= 1


def test_labels_on_disk_are_those_of_the_patterns() -> None:
    assert (FOLDER / "labels.txt").read_text().splitlines() == list(LABELS)
    assert len(LABELS) >= 24


def test_patternnet_knows_images_it_never_saw() -> None:
    network = Registry(Settings()).load("patternnet")
    right = seen = 0
    with torch.no_grad():
        for pictures, labels in (Batches(77, HELD_OUT, 3, size=64)[number] for number in range(3)):
            right += int((network.module(network.preprocessing(pictures)).argmax(1) == labels).sum())
            seen += len(labels)
    assert seen == 3 * BATCH
    assert right / seen >= 0.96  # of 288 images; the record has 97 % or more of thousands


def test_the_record_and_the_file_keep_their_promises() -> None:
    record = json.loads((FOLDER / "record.json").read_text())
    assert record["held_out_accuracy"]["all"] >= 0.97
    assert WEIGHTS.stat().st_size <= 2_000_000


def test_patternnet_takes_any_size_from_32() -> None:
    network = Registry(Settings()).load("patternnet")
    for size in (32, 33, 57, 200):
        assert network.module(torch.zeros(2, 3, size, size + 5)).shape == (2, len(LABELS))
