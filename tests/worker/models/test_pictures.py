"""The pictures themselves: against the bundled network's known truth, and against Lucent's figures where they exist."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from torch import Tensor

from featurelens.engine.lane import Lane
from featurelens.engine.network import Network
from featurelens.engine.objectives import Channel, Objective
from featurelens.engine.optimization import Recipe, Rendering
from featurelens.engine.precision import best_dtype
from featurelens.jobs.settings import Settings
from featurelens.worker.models.registry import Registry
from tests.support.tiny_darknet import link, needs_weights


@cache
def network(name: str, models: Path | None = None) -> Network:
    with TemporaryDirectory() as state:
        return Registry(Settings(models=models, state=Path(state)), apart=False).load(name)


def render(network: Network, objectives: list[Objective], size: int, steps: int) -> list[Rendering]:
    """All of them in one lane, in the precision that the renderer would use here."""
    lane = Lane(network, objectives[0].layers, (size, size), dtype=best_dtype(torch.device("cpu")), limit=9)
    renders = [lane.join(Recipe(objective, (size, size), steps=steps)) for objective in objectives]
    while lane.optimizations:
        lane.tick()
    return [lane.result(render) for render in renders]


@cache
def class_pictures() -> list[Rendering]:
    """One picture of every class of patternnet."""
    patternnet = network("patternnet")
    return render(patternnet, [Channel("logits", k) for k in range(len(patternnet.labels or ()))], 128, 128)


def as_seen(result: Rendering) -> Tensor:
    """(1, C, H, W) in [0, 1]"""
    return result.pixels.permute(0, 3, 1, 2).float() / 255


def test_class_pictures_are_classified_as_their_class() -> None:
    patternnet = network("patternnet")
    pictures = torch.cat([as_seen(result) for result in class_pictures()])
    with torch.no_grad():
        probabilities = patternnet.module(patternnet.preprocessing(pictures)).softmax(1)
    own = probabilities.diagonal()
    assert patternnet.labels is not None
    wrong = [patternnet.labels[k] for k in range(len(own)) if probabilities[k].argmax() != k]
    assert not wrong
    assert own.mean() > 0.9


@pytest.mark.parametrize("angle", [0, 45, 90, 135])
def test_stripes_are_stripes_at_their_angle(angle: int) -> None:
    """By the picture's own spectrum: most of its energy in the pattern's band lies within 22.5 degrees of the truth."""
    patternnet = network("patternnet")
    assert patternnet.labels is not None
    picture = class_pictures()[patternnet.labels.index(f"stripes {angle} coarse")]
    energy = energy_by_angle(as_seen(picture)[0].mean(0), periods=(8, 26))
    assert max(energy, key=lambda found: energy[found]) == angle
    assert energy[angle] > 0.5


def energy_by_angle(grey: Tensor, periods: tuple[float, float]) -> dict[int, float]:
    """Share of the spectral energy of a square picture, between two periods in pixels, by direction of the stripes.

    Stripes at angle t (y pointing down, seen as a relay sees them) have the wave vector (sin t, cos t) / period.
    """
    side = grey.shape[0]
    window = torch.hann_window(side, periodic=False)
    power = torch.fft.fft2((grey - grey.mean()) * window[:, None] * window).abs().square()
    fy, fx = torch.meshgrid(torch.fft.fftfreq(side), torch.fft.fftfreq(side), indexing="ij")
    band = (torch.hypot(fx, fy) >= 1 / periods[1]) & (torch.hypot(fx, fy) <= 1 / periods[0])
    direction = torch.rad2deg(torch.atan2(fx, fy)) % 180
    shares = {}
    for angle in (0, 45, 90, 135):
        distance = (direction - angle).abs()
        near = torch.minimum(distance, 180 - distance) < 22.5
        shares[angle] = float(power[band & near].sum() / power[band].sum())
    return shares


def test_the_spectrum_measure_knows_drawn_stripes() -> None:
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    for angle in (0, 45, 90, 135):
        t = torch.deg2rad(torch.tensor(float(angle)))
        stripes = torch.sin(2 * torch.pi * (x * t.sin() + y * t.cos()) / 14)
        assert energy_by_angle(stripes, (8, 26))[angle] > 0.95


@needs_weights
@pytest.mark.parametrize(
    ("layer", "channel", "least"), [("conv10", 33, 3.0), ("conv14", 100, 7.3), ("conv16", 281, 122)]
)
def test_tiny_darknet_reaches_lucent(layer: str, channel: int, least: float, tmp_path: Path) -> None:
    """What Lucent reaches in 512 steps, in 128."""
    link(tmp_path)
    result = render(network("tiny_darknet", tmp_path), [Channel(layer, channel)], 224, 128)[0]
    assert result.measures["activation"][0] >= least
