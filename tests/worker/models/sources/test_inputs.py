"""What ``model.json`` says of what a network takes beside the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from featurelens.jobs.errors import ModelLoadFailed
from featurelens.jobs.settings import Settings
from featurelens.worker.models.registry import Registry
from featurelens.worker.models.sources.manifest import Manifest
from tests.support.local_network import write

PLAIN: dict[str, Any] = {"factory": "model.py:build", "input_size": 32}


def manifest(**fields: Any) -> Manifest:
    return Manifest.model_validate({**PLAIN, **fields})


@pytest.mark.parametrize(
    ("given", "expected", "each"),
    [
        (0.5, torch.tensor(0.5), True),
        ([0.1, 2], torch.tensor([0.1, 2.0]), True),
        ([[1, 2], [3, 4]], torch.tensor([[1.0, 2.0], [3.0, 4.0]]), True),
        ({"values": [3], "dtype": "int64"}, torch.tensor([3]), True),
        ({"values": [1, 0], "dtype": "bool"}, torch.tensor([True, False]), True),
        ({"shape": [2, 3]}, torch.zeros(2, 3), True),
        ({"shape": [], "fill": 7, "dtype": "int32"}, torch.tensor(7, dtype=torch.int32), True),
        ({"shape": [4], "fill": 0.5, "each": False}, torch.full((4,), 0.5), False),
    ],
)
def test_constants(given: object, expected: Tensor, each: bool) -> None:
    constant = manifest(inputs={"meta": given}).inputs["meta"].constant()
    assert torch.equal(constant.value, expected)
    assert (constant.value.dtype, constant.each) == (expected.dtype, each)


@pytest.mark.parametrize(
    ("given", "valid"),
    [
        (None, "give numbers"),
        ({}, "give numbers"),
        ({"values": 1, "shape": [1]}, "give numbers"),
        ([], "finite numbers"),
        (["a"], "finite numbers"),
        ([float("nan")], "finite numbers"),
        ([[1, 2], [3]], "expected sequence of length 2"),
        ({"values": [0.5], "dtype": "int64"}, "whole numbers"),
        ({"values": [2**40], "dtype": "int32"}, "int32|overflow"),
        ({"shape": [0]}, "at least 1"),
        ({"shape": [1 << 13, 1 << 13]}, "at most 16,777,216"),
        ({"values": [1], "dtype": "float16"}, "'float32', 'int64', 'int32' or 'bool'"),
        ({"value": [1]}, "Extra inputs"),
    ],
)
def test_constants_that_are_none(given: object, valid: str) -> None:
    with pytest.raises(ValidationError, match=valid) as error:
        manifest(inputs={"meta": given})
    assert all(fault["loc"][:2] == ("inputs", "meta") for fault in error.value.errors())


CODE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(4, 6, 3, padding=1)
        self.date = nn.Linear(2, 6)
        self.last = nn.Linear(12, 5)

    def forward(self, image, meta):
        seen = self.first(image).relu().mean((2, 3))
        return self.last(torch.cat([seen, self.date(meta)], 1))

def build():
    return Net()
"""
BANDS = {**PLAIN, "channels": 4, "display": [2, 1, 0]}


class Twin(nn.Module):
    """Has the weights of `CODE`."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(4, 6, 3, padding=1)
        self.date = nn.Linear(2, 6)
        self.last = nn.Linear(12, 5)

    def forward(self, image: Tensor, meta: Tensor) -> Tensor:
        seen = self.first(image).relu().mean((2, 3))
        answer: Tensor = self.last(torch.cat([seen, self.date(meta)], 1))
        return answer


@pytest.mark.parametrize("apart", [False, True], ids=["here", "apart"])
def test_a_network_with_a_second_input(apart: bool, tmp_path: Path) -> None:
    """Listed, in a process apart too, without the layer that looks at the second input alone; loaded, and right."""
    twin = Twin()
    write(tmp_path / "own" / "bands", BANDS | {"inputs": {"meta": [0.5, -2]}}, twin, CODE)
    registry = Registry(Settings(state=tmp_path / "state", models=tmp_path / "own"), apart=apart)
    (entry,) = (one for one in registry.entries() if one.source == "local")
    assert (entry.input_channels, entry.display, entry.photograph) == (4, (2, 1, 0), (2, 1, 0))
    found = registry.description("bands")
    assert [layer.name for layer in found.layers] == ["first", "relu", "cat", "last"]
    assert found.left_out == {"date": "has no gradient that leads to the picture"}
    network = registry.load("bands")
    assert (network.shows, network.takes) == ((2, 1, 0), (2, 1, 0))
    picture = torch.rand(3, 4, 32, 32)
    torch.testing.assert_close(network.module(picture), twin(picture, torch.tensor([[0.5, -2.0]]).expand(3, 2)))


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({}, "forward needs meta beside the picture.*inputs in model.json"),
        ({"mata": [0.5, 2]}, "forward has no parameter mata; its parameters: image, meta"),
        ({"meta": [0.5, 2, 3]}, "does not run on its own input size"),
    ],
    ids=["not named", "misspelt", "too long"],
)
def test_what_is_missing_is_told_when_the_network_is_listed(
    inputs: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    write(tmp_path / "own" / "bands", BANDS | {"inputs": inputs}, Twin(), CODE)
    registry = Registry(Settings(state=tmp_path / "state", models=tmp_path / "own"), apart=False)
    with pytest.raises(ModelLoadFailed, match=reason):
        registry.describe("bands")
