"""torchvision's networks: enumerated, preprocessed exactly, loaded from verified files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
import torchvision
from torchvision.models import get_model, get_model_weights, list_models

from featurelens.engine.network import IMAGENET
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.models.sources.torchvision_source import Torchvision


def published(tmp_path: Path, architecture: str, state: object, monkeypatch: pytest.MonkeyPatch) -> Torchvision:
    """A source whose default weights of `architecture` are `state`, already in its folder."""
    draft = tmp_path / "draft"
    torch.save(state, draft)
    name = f"{architecture}-{hashlib.sha256(draft.read_bytes()).hexdigest()[:8]}.pth"
    draft.rename(tmp_path / name)
    weights = get_model_weights(architecture).DEFAULT
    monkeypatch.setattr(weights.value, "url", f"http://127.0.0.1:9/{name}")
    return Torchvision(tmp_path)


def test_every_published_set_of_weights_is_there(tmp_path: Path) -> None:
    names = [entry.name for entry in Torchvision(tmp_path).entries()]
    expected = [
        f"torchvision:{architecture}@{weights.name}"
        for architecture in list_models(module=torchvision.models)
        for weights in get_model_weights(architecture)
    ]
    assert names == expected
    assert "torchvision:resnet50@IMAGENET1K_V2" in names


def test_entries_name_their_file_and_their_aliases(tmp_path: Path) -> None:
    entries = {entry.name: entry for entry in Torchvision(tmp_path).entries()}
    old, new = (entries[f"torchvision:resnet50@IMAGENET1K_V{number}"] for number in (1, 2))
    assert new.digest == "torchvision:resnet50-11ad3fa6.pth"
    assert "resnet50" in new.aliases and "resnet50" not in old.aliases
    assert "resnet50@IMAGENET1K_V1" in old.aliases
    assert entries["torchvision:inception_v3@IMAGENET1K_V1"].input_size == (299, 299)
    assert entries["torchvision:vit_b_16@IMAGENET1K_SWAG_E2E_V1"].input_size == (384, 384)
    assert entries["torchvision:vit_b_16@IMAGENET1K_V1"].fixed_size
    assert len(new.labels or ()) == 1000


@pytest.mark.parametrize("architecture", ["googlenet", "inception_v3"])
def test_what_torchvision_normalizes_inside_is_the_same_outside(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    arguments = {"aux_logits": True, "transform_input": True, "init_weights": False}
    theirs = get_model(architecture, weights=None, **arguments).eval()
    source = published(tmp_path, architecture, theirs.state_dict(), monkeypatch)
    entry = next(entry for entry in source.entries() if architecture in entry.aliases)
    ours = source.load(entry)
    picture = torch.rand(1, 3, 96, 96)
    values = {}
    for name, module, inputs in (
        ("theirs", theirs, IMAGENET(picture)),
        ("ours", ours.module, ours.preprocessing(picture)),
    ):
        with torch.no_grad():
            values[name] = module(inputs)
    torch.testing.assert_close(values["ours"], values["theirs"], rtol=1e-4, atol=1e-5)
    assert not any("aux" in name.lower() for name, _ in ours.module.named_modules())


def test_the_first_densenet_files_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = get_model("densenet121", weights=None).state_dict()
    old = {
        key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2.") if "denselayer" in key else key: value
        for key, value in state.items()
    }
    assert old.keys() != state.keys()
    source = published(tmp_path, "densenet121", old, monkeypatch)
    network = source.load(next(entry for entry in source.entries() if "densenet121" in entry.aliases))
    assert torch.equal(network.module.state_dict()["features.conv0.weight"], state["features.conv0.weight"])


def test_a_downloaded_network_is_marked_and_keeps_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = published(tmp_path, "squeezenet1_1", get_model("squeezenet1_1", weights=None).state_dict(), monkeypatch)
    here = {entry.architecture: entry for entry in source.entries()}["squeezenet1_1"]
    (tmp_path / here.digest.removeprefix("torchvision:")).unlink()
    gone = {entry.architecture: entry for entry in source.entries()}["squeezenet1_1"]
    assert here.downloaded and not gone.downloaded
    assert here.digest == gone.digest
    assert here.sha256 is None
    with pytest.raises(ModelLoadFailed, match="could not be downloaded"):
        source.load(gone)


class Trap:
    """Writes a file when it is unpickled without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


def test_a_file_that_would_run_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = published(tmp_path, "alexnet", {"x": Trap(tmp_path / "ran")}, monkeypatch)
    with pytest.raises(ModelLoadFailed, match="safely"):
        source.load(next(entry for entry in source.entries() if "alexnet" in entry.aliases))
    assert not (tmp_path / "ran").exists()


def test_weights_that_do_not_fit_are_told_in_plain_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = get_model("squeezenet1_1", weights=None).state_dict()
    del state["features.0.weight"]
    state["extra.weight"] = torch.zeros(1)
    source = published(tmp_path, "squeezenet1_1", state, monkeypatch)
    with pytest.raises(ModelLoadFailed, match=r"missing: features.0.weight; not in the network: extra.weight"):
        source.load(next(entry for entry in source.entries() if "squeezenet1_1" in entry.aliases))


def test_the_whole_digest_of_the_weights_is_told_once_they_are_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = published(tmp_path, "squeezenet1_1", get_model("squeezenet1_1", weights=None).state_dict(), monkeypatch)
    before = {entry.architecture: entry for entry in source.entries()}["squeezenet1_1"]
    network = source.load(before)
    after = {entry.architecture: entry for entry in source.entries()}["squeezenet1_1"]
    file = tmp_path / before.digest.removeprefix("torchvision:")
    assert network.sha256 == after.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert network.digest == after.digest == before.digest  # what enters the key does not change with the download
