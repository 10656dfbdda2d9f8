"""The last message about a visualization: its pixels and all its numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch

from featurelens.engine.display import displayed
from featurelens.engine.network import Network
from featurelens.engine.optimization import Rendering
from featurelens.jobs.errors import RenderFailed
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.protocol import Finished
from featurelens.worker.renderer.device import Device

DORMANT = "no gradient reached the picture, not even with redirected ReLU gradients: the unit never woke up"


@dataclass(frozen=True)
class Response:
    """A finished optimization. `seconds` is from the arrival of the job to its last step, loading included."""

    spec: VisualizationSpec
    result: Rendering
    steps: int
    seconds: float

    def message(self, network: Network, device: Device) -> tuple[Finished, bytes]:
        """The finished pictures, then the snapshots in the order of their steps. Raises `RenderFailed`."""
        blocks = [(self.steps, self.result.pixels), *self.result.snapshots]
        channels = self.result.pixels.shape[3]
        # The alpha channel is known at the end only; earlier pictures are opaque.
        whole = torch.cat([_with_channels(block, channels) for _, block in blocks])
        pixels = displayed(whole, network.shows, network.preprocessing.channels)
        steps = [step for step, block in blocks for _ in range(block.shape[0])]
        pictures, height, width, shown = pixels.shape
        message = Finished(
            pictures=pictures,
            height=height,
            width=width,
            channels=shown,
            columns=self._columns(),
            steps=steps,
            numbers=self._numbers(network, device),
        )
        return message, pixels.numpy().tobytes()

    def _columns(self) -> int:
        """Columns of the contact sheet: one picture's snapshots in a row, or a row for each snapshot, or a square."""
        pictures = self.result.pixels.shape[0]
        if pictures == 1:
            return len(self.result.snapshots) + 1
        square = self.spec.objective.type == "diversity" and not self.result.snapshots
        return math.ceil(math.sqrt(pictures)) if square else pictures

    def _numbers(self, network: Network, device: Device) -> dict[str, Any]:
        measures = self.result.measures
        if not all(math.isfinite(value) for values in measures.values() for value in values):
            raise RenderFailed("the optimization left the range of numbers; try a smaller learning rate")
        pictures = [dict(zip(measures, row, strict=True)) for row in zip(*measures.values(), strict=True)]
        numbers: dict[str, Any] = {name: sum(values) / len(values) for name, values in measures.items()}
        if len(pictures) > 1:
            numbers["pictures"] = pictures
        return numbers | {
            "curve": [float(f"{value:.5g}") for value in self.result.curve],
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "seed": self.spec.seed,
            **device.numbers(network),
            **_display(network),
            "warnings": [*self.result.warnings, *([DORMANT] if self.result.dormant else [])],
        }


def _display(network: Network) -> dict[str, Any]:
    """Which channels are shown, where it is not simply all there are."""
    every = tuple(range(network.preprocessing.channels))
    return {} if network.shows == every else {"display": network.shows}


def _with_channels(pixels: torch.Tensor, channels: int) -> torch.Tensor:
    missing = channels - pixels.shape[3]
    return torch.nn.functional.pad(pixels, (0, missing), value=255) if missing else pixels
