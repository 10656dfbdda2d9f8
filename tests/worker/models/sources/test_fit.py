"""Weights that fit under other names, weights under two names, and weights that are no numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file, save_model
from torch import Tensor, nn

from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.models.sources.fit import fit
from featurelens.worker.models.sources.weights_file import read_weights


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self, tied: bool = True) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)
        if tied:
            self.second.weight = self.first.weight

    def forward(self, inputs: Tensor) -> Tensor:
        values: Tensor = self.second(self.first(inputs))
        return values


class Wrapping(nn.Module):
    """Has a part that is called like a wrapper."""

    def __init__(self) -> None:
        super().__init__()
        self.module = nn.Linear(2, 2)


def same(one: nn.Module, other: nn.Module) -> bool:
    state = other.state_dict()
    return all(torch.equal(value, state[name]) for name, value in one.state_dict().items())


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "_orig_mod.module.", "module.module."])
def test_a_wrappers_prefix_is_taken_away_and_told(prefix: str) -> None:
    trained, module = nn.Linear(2, 3), nn.Linear(2, 3)
    notes = fit(module, {prefix + name: value for name, value in trained.state_dict().items()}, "x")
    assert same(trained, module)
    assert len(notes) == 1
    assert prefix in notes[0]


def test_names_of_its_own_are_left_alone() -> None:
    trained, module = Wrapping(), Wrapping()
    assert fit(module, trained.state_dict(), "x") == []
    assert same(trained, module)
    with pytest.raises(ModelLoadFailed, match=r"not in the network: module\.weight"):
        fit(nn.Linear(2, 2), {**nn.Linear(2, 2).state_dict(), "module.weight": torch.zeros(1)}, "x")


@pytest.mark.parametrize("tied", [True, False], ids=["tied by the factory", "tied after it"])
def test_one_of_two_names_is_enough(tied: bool, tmp_path: Path) -> None:
    trained, module = Tied(), Tied(tied)
    save_model(trained, str(tmp_path / "model.safetensors"))
    assert fit(module, read_weights(tmp_path / "model.safetensors"), "x") == []
    assert same(trained, module)


def test_a_name_left_out_without_a_word_is_found_by_what_is_shared(tmp_path: Path) -> None:
    trained, module = Tied(), Tied()
    state = trained.state_dict()
    save_file({name: value for name, value in state.items() if name != "first.weight"}, tmp_path / "model.safetensors")
    fit(module, read_weights(tmp_path / "model.safetensors"), "x")
    assert same(trained, module)
    with pytest.raises(ModelLoadFailed, match=r"missing: first\.weight"):
        fit(Tied(tied=False), read_weights(tmp_path / "model.safetensors"), "x")


def test_two_weights_for_what_is_one_are_refused() -> None:
    with pytest.raises(ModelLoadFailed, match=r"first\.weight and second\.weight are one"):
        fit(Tied(), Tied(tied=False).state_dict(), "x")


def test_weights_that_are_no_numbers_are_named() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    for name, value in {"0.bias": float("inf"), "1.running_var": float("nan")}.items():
        state = {key: one.clone() for key, one in module.state_dict().items()}
        state[name][0] = value
        with pytest.raises(ModelLoadFailed, match=f"NaN or infinite numbers in: {name}"):
            fit(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), state, "x")


def test_a_mask_may_be_infinite() -> None:
    module = nn.Linear(2, 2)
    module.register_buffer("mask", torch.zeros(2, 2))
    fit(module, {**module.state_dict(), "mask": torch.full((2, 2), float("-inf"))}, "x")
