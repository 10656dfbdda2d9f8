"""The dead-simple case: somebody's own small network for digits, from its folder to a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from featurelens.engine.lane import Lane
from featurelens.engine.objectives import Channel
from featurelens.engine.optimization import Recipe
from featurelens.engine.parameterizations import Fourier
from featurelens.jobs.settings import Settings
from featurelens.worker.models.registry import Registry
from tests.support.local_network import MANIFEST, digits, write


@pytest.mark.parametrize("sign", ["positive", "negative"])
def test_one_channel_28x28_from_folder_to_picture(sign: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    write(tmp_path / "own" / "digits", MANIFEST | {"classes_layer": "3"}, digits())
    registry = Registry(Settings(state=tmp_path / "state", models=tmp_path / "own"), apart=False)
    network = registry.load("digits")
    layers = {layer.name: layer for layer in registry.describe("digits")}
    assert [name for name, layer in layers.items() if layer.recommended] == ["1", "3"]
    assert layers["1"].receptive_field == (3, 3)
    reached = {}
    for steps in (1, 16):
        lane = Lane(network, ["3"], (28, 28))
        recipe = Recipe(
            Channel("3", 7, sign),  # type: ignore[arg-type]
            (28, 28),
            steps=steps,
            parameterization=Fourier(1),
        )
        render = lane.join(recipe)
        while lane.optimizations:
            lane.tick()
        result = lane.result(render)
        assert result.pixels.shape == (1, 28, 28, 1)
        reached[steps] = result.measures["activation"][0]
    assert (reached[16] > reached[1]) == (sign == "positive")
