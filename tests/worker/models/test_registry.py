"""All networks under one roof."""

from __future__ import annotations

from pathlib import Path

import pytest

from featurelens.jobs.errors import ModelLoadFailed
from featurelens.jobs.settings import Settings
from featurelens.worker.models.registry import Registry
from tests.support.local_network import MANIFEST, digits, write


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    write(tmp_path / "own" / "digits", MANIFEST, digits())
    write(tmp_path / "own" / "resnet18", MANIFEST, digits())
    return Registry(Settings(state=tmp_path / "state", models=tmp_path / "own"), apart=False)


def test_names_and_aliases_are_unique(registry: Registry) -> None:
    entries = registry.entries()
    names = [name for entry in entries for name in (entry.name, *entry.aliases)]
    assert len(names) == len(set(names))
    owner = {alias: entry.source for entry in entries for alias in entry.aliases}
    assert (owner["patternnet"], owner["resnet18"], owner["local:resnet18"]) == ("bundled", "torchvision", "local")


def test_loading_and_describing_by_alias_answer_with_canonical_names(registry: Registry) -> None:
    network = registry.load("digits")
    assert network.name.startswith("local:digits@sha256-")
    assert [layer.channels for layer in registry.describe("digits")] == [4, 4, 4 * 26 * 26, 10]
    assert list(network.channels.values()) == [4, 4, 4 * 26 * 26, 10]
    assert [layer.name for layer in registry.describe("digits") if layer.rectified] == ["1", "2"]


def test_patternnet_ends_in_one_channel_per_class(registry: Registry) -> None:
    layers = {layer.name: layer for layer in registry.describe("patternnet")}
    assert (layers["logits"].kind, layers["logits"].channels) == ("spatial", 27)
    assert layers["conv6"].rectified
    assert not layers["conv6.norm"].rectified


def test_layer_lists_are_kept_and_a_damaged_one_is_made_again(registry: Registry, tmp_path: Path) -> None:
    layers = registry.describe("squeezenet1_1")
    (kept,) = (tmp_path / "state" / "cache" / "layers").rglob("*.json")
    assert registry.describe("squeezenet1_1") == layers
    kept.write_text("[{")
    assert registry.describe("squeezenet1_1") == layers
    assert kept.read_text() != "[{"


@pytest.mark.parametrize("name", ["nothing", "../digits", "local:../digits", "__init__", "a" * 10_000, "\x00"])
def test_unknown_names_are_looked_up_and_nothing_more(registry: Registry, name: str) -> None:
    with pytest.raises(ModelLoadFailed):
        registry.load(name)
    with pytest.raises(ModelLoadFailed):
        registry.describe(name)
