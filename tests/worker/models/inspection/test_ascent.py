"""A network that cannot be pictured at a layer, or is another there than its author wrote, is found out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from featurelens.jobs.settings import Settings
from featurelens.worker.models.inspection.ascent import small_size
from featurelens.worker.models.inspection.checkup import check
from featurelens.worker.models.registry import Registry
from tests.support.catalog import ENTRY
from tests.support.local_network import write

MANIFEST: dict[str, object] = {"factory": "model.py:build", "input_size": 32, "min_size": 16}
CODE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.volume = nn.Unflatten(1, (2, 2))
        self.second = nn.Conv2d(4, 4, 3)

    def forward(self, x):
        x = self.first(x)
        self.volume(x)
        {}
        return self.second(x)

def build():
    return Net()
"""


class Twin(nn.Module):
    """Has the weights of `CODE`."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.volume = nn.Unflatten(1, (2, 2))
        self.second = nn.Conv2d(4, 4, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs


def findings(folder: Path, line: str) -> list[tuple[bool, str]]:
    torch.manual_seed(0)
    write(folder / "own" / "net", MANIFEST, Twin(), CODE.replace("{}", line))
    registry = Registry(Settings(state=folder / "state", models=folder / "own"), apart=False)
    return [(finding.wrong, finding.text) for finding in check(registry, "net")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("if torch.is_grad_enabled(): raise ValueError('no gradient here')", "ValueError: no gradient here"),
        ("import random; x = x * random.random()", "the network itself has"),
    ],
    ids=["raises", "another each time"],
)
def test_a_layer_that_does_not_work_is_named_with_the_reason(line: str, reason: str, tmp_path: Path) -> None:
    found = findings(tmp_path, line)
    (wrong,) = [text for wrong, text in found if wrong and "layer second" in text]
    assert reason in wrong
    assert not any("layer first" in text for wrong, text in found if wrong)
    assert any(text.startswith("1 layers take a step") for _, text in found)


def test_what_is_left_out_is_told_and_is_nothing_wrong(tmp_path: Path) -> None:
    found = findings(tmp_path, "")
    assert (False, "left out: volume: has 5 dimensions") in found


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({"input_size": (224, 200), "min_size": 32}, (64, 64)),
        ({"input_size": (224, 224), "min_size": 96}, (96, 96)),
        ({"input_size": (28, 80), "min_size": 28}, (28, 64)),
        ({"input_size": (224, 200), "fixed_size": True}, (224, 200)),
    ],
)
def test_steps_are_as_small_as_the_network_allows(changes: dict[str, object], size: tuple[int, int]) -> None:
    assert small_size(ENTRY.model_copy(update=changes)) == size
