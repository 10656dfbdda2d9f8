"""Weights in either format, and a reason in plain words for everything else; no code of a file ever runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.models.sources.weights_file import read_weights

STATE = {"conv.weight": torch.arange(6.0).view(2, 3), "conv.bias": torch.ones(2)}


def same(found: dict[str, torch.Tensor]) -> bool:
    return found.keys() == STATE.keys() and all(torch.equal(found[name], STATE[name]) for name in STATE)


def test_both_formats(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "state.pth")
    torch.save({"epoch": 3, "state_dict": STATE}, tmp_path / "checkpoint.pth")
    save_file(STATE, tmp_path / "model.safetensors")
    for path in tmp_path.iterdir():
        assert same(read_weights(path)), path.name


class Trap:
    """Makes a file when it is unpickled without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["weights.pth", "model.safetensors"])
def test_a_file_that_would_run_code(name: str, tmp_path: Path) -> None:
    torch.save({"x": Trap(tmp_path / "ran")}, tmp_path / name)
    with pytest.raises(ModelLoadFailed):
        read_weights(tmp_path / name)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [[1, 2], {"state_dict": 3}, {"x": "no tensor"}, torch.ones(2)])
def test_what_holds_no_tensors_by_name(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(ModelLoadFailed, match=r"^weights.pth is no file of weights that torch can read safely$"):
        read_weights(tmp_path / "weights.pth")


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
@pytest.mark.parametrize(
    ("name", "reason"),
    [("weights.pth", "weights.pth is no"), ("model.safetensors", "model.safetensors of mine is dam")],
)
def test_a_file_that_was_cut_off(name: str, reason: str, share: float, tmp_path: Path) -> None:
    path = tmp_path / "mine" / name
    path.parent.mkdir()
    if name.endswith(".pth"):
        torch.save(STATE, path)
    else:
        save_file(STATE, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelLoadFailed, match=reason) as caught:
        read_weights(path)
    assert str(tmp_path) not in caught.value.detail


@pytest.mark.parametrize("name", ["weights.pth", "model.safetensors"])
def test_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelLoadFailed, match=name):
        read_weights(tmp_path / name)
