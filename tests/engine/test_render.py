"""Pictures in one call, as docs/notebook.md shows."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from featurelens import engine
from featurelens.engine import Channel, Network, Neuron, Preprocessing, Recipe, render
from featurelens.engine.objectives import Objective
from tests.support.paths import ROOT

NOTEBOOK = ROOT / "docs" / "notebook.md"


def small() -> Network:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 5), nn.ReLU(), nn.Conv2d(4, 6, 3))
    return Network("small", module, Preprocessing())


def test_in_the_order_asked_over_lanes() -> None:
    asked: list[Objective | Recipe] = [
        Channel("2", 5),
        Channel("0", 1),
        Recipe(Neuron("2", 3), (40, 48), 4),
        Channel("2", 0, "negative"),
    ]
    results = render(small(), asked, size=(32, 36), steps=6)
    assert [tuple(result.pixels.shape) for result in results] == [(1, 32, 36, 3)] * 2 + [(1, 40, 48, 3), (1, 32, 36, 3)]
    assert [len(result.curve) for result in results] == [6, 6, 4, 6]


def test_what_does_not_fit_is_raised() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        render(small(), [Channel("nowhere", 0)])
    with pytest.raises(ValueError, match="outside the layer"):
        render(small(), [Neuron("2", 0, x=500)], size=(32, 32), steps=2)


def test_the_notebook_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As printed, but with random weights and few, small steps: nothing is downloaded in a test."""
    code = re.search(r"```python\n(.*?)```", NOTEBOOK.read_text(), re.S)
    assert code is not None
    monkeypatch.setattr(engine, "render", lambda network, asked, **_: render(network, asked, size=(64, 64), steps=2))
    printed = code[1].replace('weights="DEFAULT", transform_input=False', "weights=None, init_weights=False")
    assert printed != code[1]
    names: dict[str, object] = {}
    exec(printed, names)
    result = names["result"]
    assert isinstance(result, list)
    assert [tuple(one.pixels.shape) for one in result] == [(1, 64, 64, 3)] * 2
