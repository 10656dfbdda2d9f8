"""timm's networks, where timm is installed; what its folders say, everywhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from featurelens.jobs.errors import ModelLoadFailed
from featurelens.jobs.settings import Settings
from featurelens.worker.models.registry import Registry
from featurelens.worker.models.sources import timm_config
from featurelens.worker.models.sources.local import Local
from featurelens.worker.models.sources.timm_source import Timm, installed

needs_timm = pytest.mark.skipif(not installed(), reason="timm is not installed (the extra of that name)")

CONFIG: dict[str, Any] = {
    "architecture": "resnet10t",
    "num_classes": 3,
    "label_names": ["a", "b", "c"],
    "pretrained_cfg": {
        "input_size": [3, 64, 64],
        "fixed_input_size": False,
        "mean": [0.1, 0.2, 0.3],
        "std": [0.4, 0.5, 0.6],
        "classifier": "fc",
    },
}


def test_a_config_is_a_manifest() -> None:
    manifest, labels = timm_config.manifest(json.dumps(CONFIG).encode())
    assert (manifest.size, manifest.mean, manifest.classes_layer) == ((64, 64), (0.1, 0.2, 0.3), "fc")
    assert labels == ("a", "b", "c")
    described = CONFIG | {"label_names": {"0": "x", "1": "y", "2": "z"}, "label_descriptions": {"x": "an x"}}
    assert timm_config.manifest(json.dumps(described).encode())[1] == ("an x", "y", "z")
    assert timm_config.manifest(json.dumps(CONFIG | {"label_names": ["a"]}).encode())[1] is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"model_type": "bert"}', b'{"pretrained_cfg": 3}'])
def test_another_config_is_told_in_plain_words(content: bytes) -> None:
    with pytest.raises(ValueError, match="no timm network"):
        timm_config.manifest(content)


@needs_timm
def test_a_folder_from_the_hub(tmp_path: Path) -> None:
    import timm

    folder = tmp_path / "own" / "mine"
    folder.mkdir(parents=True)
    module = timm.create_model("resnet10t", num_classes=3).eval()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    save_file(module.state_dict(), folder / "model.safetensors")
    (entry,) = Local(folder.parent).entries()
    assert (entry.source, entry.labels, entry.aliases[0]) == ("local", ("a", "b", "c"), "mine")
    network = Local(folder.parent).load(entry)
    picture = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(network.module(picture), module(picture))
    layers = Registry(Settings(models=folder.parent, state=tmp_path), apart=False).describe("mine")
    assert [layer.channels for layer in layers if layer.name == "fc"] == [3]


@needs_timm
def test_published_weights_by_timms_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import timm

    source = Timm(tmp_path)
    entries = {entry.name: entry for entry in source.entries()}
    assert len(entries) > 100
    assert all("-" in entry.digest and entry.digest.startswith("timm:") for entry in entries.values())
    entry = entries["timm:resnet18@a1_in1k"]
    assert entry.aliases == ("resnet18.a1_in1k", "timm:resnet18.a1_in1k")
    with pytest.raises(ModelLoadFailed, match="could not be downloaded"):
        monkeypatch.setitem(source._configs[entry.name], "url", "http://127.0.0.1:9/resnet18-00000000.pth")
        source.load(entry)
    torch.save(timm.create_model("resnet18").state_dict(), tmp_path / "draft")
    file = f"resnet18-{hashlib.sha256((tmp_path / 'draft').read_bytes()).hexdigest()[:8]}.pth"
    (tmp_path / "draft").rename(tmp_path / file)
    monkeypatch.setitem(source._configs[entry.name], "url", f"http://127.0.0.1:9/{file}")
    network = source.load(entry)
    assert network.preprocessing.mean == (0.485, 0.456, 0.406)
    assert network.sha256 == hashlib.sha256((tmp_path / file).read_bytes()).hexdigest()


@needs_timm
@pytest.mark.parametrize("name", ["resnet18.a1_in1k", "convnext_atto.d2_in1k", "dm_nfnet_f0.dm_in1k"])
def test_layers_without_weights(name: str, tmp_path: Path) -> None:
    registry = Registry(Settings(state=tmp_path))
    if name not in {alias for entry in registry.entries() for alias in entry.aliases}:
        pytest.skip(f"{name} is not published with a digest in its name")
    layers = registry.describe(name)
    assert any(layer.recommended and layer.kind != "vector" for layer in layers)
