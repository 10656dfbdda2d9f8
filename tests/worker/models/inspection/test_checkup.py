"""What the operator is told of a network, whole or broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from featurelens.jobs.settings import Settings
from featurelens.worker.models.__main__ import main
from featurelens.worker.models.inspection.checkup import check
from featurelens.worker.models.patternnet.patterns import LABELS, images
from featurelens.worker.models.registry import Registry
from tests.support.local_network import MANIFEST, digits, write


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(Settings(state=tmp_path / "state", models=tmp_path / "own"), apart=False)


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """Of patternnet's class 2."""
    picture = images(torch.tensor([2]), 128, 128, torch.Generator().manual_seed(1))[0]
    path = tmp_path / "pattern.png"
    Image.fromarray((picture.permute(1, 2, 0) * 255).byte().numpy()).save(path)
    return path


def wrong(registry: Registry, name: str, photograph: Path | None = None, label: str | None = None) -> list[str]:
    return [finding.text for finding in check(registry, name, photograph, label) if finding.wrong]


def first_wrong(registry: Registry, name: str, photograph: Path | None = None, label: str | None = None) -> str:
    """Without waiting for what is found after it."""
    return next(finding.text for finding in check(registry, name, photograph, label) if finding.wrong)


def test_nothing_is_wrong_with_the_bundled_network(registry: Registry, photograph: Path) -> None:
    findings = list(check(registry, "patternnet", photograph, LABELS[2]))
    assert [finding.text for finding in findings if finding.wrong] == []
    found = [finding.text for finding in findings]
    assert any(f"{LABELS[2]} comes first" in text for text in found)
    assert any("27 labels" in text for text in found)
    assert any("28 layers take a step" in text for text in found)


def test_what_it_does_not_know_is_told(registry: Registry, photograph: Path, tmp_path: Path) -> None:
    assert "nearest: patternnet" in first_wrong(registry, "paternet")
    assert "no class" in first_wrong(registry, "patternnet", photograph, "zebra")
    assert "cannot be read" in first_wrong(registry, "patternnet", tmp_path / "none.jpg")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"classes_layer": "9"}, "none of its layers"),
        ({"classes_layer": "3", "labels": "names.txt"}, "3 labels for the 10 units of 3"),
        ({"mean": [124.0], "std": [58.0]}, "0 to 255"),
        ({"mean": [0.0], "std": [0.004]}, "0 to 255"),
    ],
)
def test_a_network_described_wrongly(changes: dict[str, object], told: str, registry: Registry, tmp_path: Path) -> None:
    torch.manual_seed(0)
    write(tmp_path / "own" / "digits", MANIFEST | changes, digits())
    (tmp_path / "own" / "digits" / "names.txt").write_text("one\ntwo\nthree\n")
    assert any(told in text for text in wrong(registry, "digits"))


def test_weights_of_no_number_and_weights_that_do_not_fit(registry: Registry, tmp_path: Path) -> None:
    module = digits()
    write(tmp_path / "own" / "digits", MANIFEST, module)
    nn.init.constant_(module.get_parameter("3.bias"), float("nan"))
    save_file(module.state_dict(), tmp_path / "own" / "digits" / "model.safetensors")
    assert "NaN or infinite numbers in: 3.bias" in wrong(registry, "digits")[0]
    save_file({"x": torch.zeros(1)}, tmp_path / "own" / "digits" / "model.safetensors")
    assert "do not fit" in wrong(registry, "digits")[0]


class Colours(nn.Module):
    """Knows red from blue, if the channels come as blue, green, red."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Conv2d(3, 12, 1)
        nn.init.zeros_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)  # type: ignore[arg-type]
        with torch.no_grad():
            self.fc.weight[0, 2] = 1.0
            self.fc.weight[1:, 0] = 1.0


def test_swapped_colours_are_found_out(registry: Registry, tmp_path: Path) -> None:
    code = "from torch import nn\n\ndef build():\n    return nn.Sequential(nn.Conv2d(3, 12, 1))\n"
    manifest = {"factory": "model.py:build", "input_size": 32, "labels": "names.txt", "classes_layer": "0"}
    folder = tmp_path / "own" / "colours"
    folder.mkdir(parents=True)
    (folder / "names.txt").write_text("\n".join(["red", *(f"other {n}" for n in range(11))]))
    write(folder, manifest, nn.Sequential(Colours().fc), code)
    assert json.loads((folder / "model.json").read_text())["labels"] == "names.txt"
    Image.new("RGB", (40, 40), (255, 30, 30)).save(tmp_path / "red.png")
    (told,) = wrong(registry, "colours", tmp_path / "red.png", "red")
    assert "only 12th" in told
    assert "blue, green, red it would come first" in told


BANDS = """
from torch import nn

def build():
    return nn.Sequential(nn.Conv2d(5, 12, 1))
"""


def test_colours_among_other_channels(registry: Registry, tmp_path: Path) -> None:
    """Red is the fourth channel, blue the first; stated the other way round, that is found out."""
    module = nn.Sequential(nn.Conv2d(5, 12, 1, bias=False))
    nn.init.zeros_(module.get_parameter("0.weight"))
    with torch.no_grad():
        module.get_parameter("0.weight")[0, 3] = 1.0
        module.get_parameter("0.weight")[1:, 0] = 1.0
    folder = tmp_path / "own" / "bands"
    folder.mkdir(parents=True)
    (folder / "names.txt").write_text("\n".join(["red", *(f"other {n}" for n in range(11))]))
    manifest = {"factory": "model.py:build", "input_size": 32, "channels": 5, "labels": "names.txt"}
    manifest |= {"classes_layer": "0", "min_size": 8}
    code = BANDS.replace("12, 1)", "12, 1, bias=False)")
    red = tmp_path / "red.png"
    Image.new("RGB", (40, 40), (255, 30, 30)).save(red)
    for stated, told in [
        ({}, ["it takes no photographs: photograph in model.json says which channels they go to"]),
        ({"photograph": [3, 1, 0]}, []),
        ({"photograph": [0, 1, 3]}, ["blue, green, red it would come first"]),
    ]:
        write(folder, manifest | stated, module, code)
        found = wrong(registry, "bands", red, "red")
        assert len(found) == len(told)
        assert all(part in text for part, text in zip(told, found, strict=True))
    said = [finding.text for finding in check(registry, "bands")]
    shown = "pictures show all 5 channels of the input on a sheet; photographs go to channels 0, 1, 3 as red, green"
    assert any(shown in text for text in said)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["list"], 0, "torchvision:resnet50@IMAGENET1K_V2"),
        (["check", "patternnet"], 0, "it loads"),
        (["check", "paternet"], 1, "WRONG"),
    ],
)
def test_the_command(arguments: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == code
    assert told in capsys.readouterr().out
