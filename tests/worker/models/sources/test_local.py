"""The operator's own networks, whole and broken."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from structlog.testing import capture_logs
from torch import nn

from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.models.sources.local import Local
from featurelens.worker.models.sources.manifest import Manifest
from tests.support.local_network import CODE, MANIFEST, digits, write


def test_a_network_of_28x28_with_one_channel(tmp_path: Path) -> None:
    module = digits()
    source = write(tmp_path / "digits", MANIFEST, module)
    (entry,) = source.entries()
    assert entry.name.startswith("local:digits@sha256-")
    assert (entry.input_size, entry.input_channels, entry.min_size, entry.fixed_size) == ((28, 28), 1, 28, True)
    network = source.load(entry)
    picture = torch.rand(2, 1, 28, 28)
    torch.testing.assert_close(network.module(network.preprocessing(picture)), module.eval()((picture - 0.13) / 0.3))


def test_arguments_labels_and_value_range(tmp_path: Path) -> None:
    wide = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 26 * 26, 10))
    manifest = MANIFEST | {"arguments": {"width": 6}, "labels": "names.txt", "value_range": [-1, 1]}
    (tmp_path / "digits").mkdir()
    (tmp_path / "digits" / "names.txt").write_text("".join(f"digit {n}\n" for n in range(10)))
    source = write(tmp_path / "digits", manifest, wide)
    (entry,) = source.entries()
    network = source.load(entry)
    assert network.labels == tuple(f"digit {n}" for n in range(10))
    assert (network.preprocessing.low, network.preprocessing.high) == (-1, 1)


@pytest.mark.parametrize(
    "factory", ["torchvision:squeezenet1_1", "torchvision.models.squeezenet:squeezenet1_1"], ids=["known", "package"]
)
def test_a_known_architecture(factory: str, tmp_path: Path) -> None:
    from torchvision.models import squeezenet1_1

    module = squeezenet1_1(num_classes=5)
    source = write(tmp_path / "mine", {"factory": factory, "arguments": {"num_classes": 5}, "input_size": 64}, module)
    network = source.load(source.entries()[0])
    assert network.module(torch.zeros(1, 3, 64, 64)).shape == (1, 5)


WORDS: list[dict[str, object]] = [{"description": "words"}, {"labels": "names.txt"}]
COUNTED: list[dict[str, object]] = [
    {"mean": [0.2]},
    {"std": [0.2]},
    {"value_range": [-1, 1]},
    {"channel_order": "BGR"},
    {"classes_layer": "3"},
    {"arguments": {"width": 4}},
    {"factory": "model.py:other"},
    {"layouts": {"0": "channels_first"}},
    {"display": "sheet"},
    {"inputs": {"meta": [0.5]}},
    {"inputs": {"meta": {"values": [0.5], "each": False}}},
]


def test_whatever_changes_the_pictures_changes_the_digest(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    torch.manual_seed(0)
    module = digits()
    manifests = [MANIFEST, *(MANIFEST | changes for changes in COUNTED)]
    digests = [write(folder, manifest, module).entries()[0].digest for manifest in manifests]
    digests.append(write(folder, MANIFEST, module, CODE + "# changed\n").entries()[0].digest)
    digests.append(write(folder, MANIFEST, digits()).entries()[0].digest)
    (folder / "helper.py").write_text("x = 1")
    digests.append(write(folder, MANIFEST, module).entries()[0].digest)
    assert len(set(digests)) == len(digests)


def test_words_and_defaults_written_out_keep_the_digest(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    module = digits()
    digest = write(folder, MANIFEST, module).entries()[0].digest
    (folder / "names.txt").write_text("zero\none\n")
    defaults: list[dict[str, object]] = [{"channel_order": "RGB"}, {"classes_layer": None}]
    for changes in WORDS + defaults:
        assert write(folder, MANIFEST | changes, module).entries()[0].digest == digest


def test_every_field_is_counted_or_words_or_a_size_that_every_spec_has() -> None:
    counted = {name for changes in COUNTED for name in changes} | {"channels", "photograph", "hub"}
    words = {name for changes in WORDS for name in changes}
    assert Manifest.model_fields.keys() == counted | words | {"input_size", "min_size", "fixed_size"}


def test_the_code_of_a_network_imports_what_lies_beside_it(tmp_path: Path) -> None:
    code = "from helper import build\n"
    source = write(tmp_path / "digits", MANIFEST, digits(), code)
    (tmp_path / "digits" / "helper.py").write_text(CODE)
    assert source.load(source.entries()[0]).module(torch.zeros(1, 1, 28, 28)).shape == (1, 10)


def test_files_changed_after_the_request_are_not_used(tmp_path: Path) -> None:
    source = write(tmp_path / "digits", MANIFEST, digits())
    (entry,) = source.entries()
    write(tmp_path / "digits", MANIFEST | {"std": [0.5]}, digits())
    with pytest.raises(ModelLoadFailed, match="changed"):
        source.load(entry)


BROKEN: dict[str, dict[str, object]] = {
    "a-path": {"factory": "../model.py:build"},
    "an-expression": {"factory": "model.py:build()"},
    "labels-outside": {"labels": "../names.txt"},
    "no-such-labels": {"labels": "names.txt"},
    "wrong-mean": {"mean": [0.1, 0.2]},
    "zero-std": {"std": [0.0]},
    "unknown-field": {"colour": "blue"},
    "Capital": {},
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_folder_is_left_out_and_nothing_else_suffers(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "digits", MANIFEST, digits())
    source = write(tmp_path / name, MANIFEST | BROKEN[name], digits())
    assert [entry.architecture for entry in source.entries()] == ["digits"]
    told = capsys.readouterr().out + caplog.text  # wherever this process logs to
    assert name in told
    assert str(tmp_path) not in told


def test_a_broken_folder_is_told_once_a_change(tmp_path: Path) -> None:
    source = write(tmp_path / "digits", MANIFEST | {"std": [0.0]}, digits())
    with capture_logs() as logs:
        for _ in range(3):
            assert source.entries() == []
        (tmp_path / "digits" / "model.json").write_text("{")
        for _ in range(3):
            assert source.entries() == []
        write(tmp_path / "digits", MANIFEST, digits())
        assert len(source.entries()) == 1
        (tmp_path / "digits" / "model.json").write_text("{")
        assert source.entries() == []
    assert [line["event"] for line in logs] == ["own network left out"] * 3


FAILING = {
    "raises": ("def build():\n    raise KeyError('weights')\n", "KeyError"),
    "no-function": ("x = 1\n", "build"),
    "no-python": ("def build(:\n", "SyntaxError"),
    "no-module": ("def build():\n    return 3\n", "int"),
    "exits": ("raise SystemExit(3)\n", "SystemExit: 3"),
    "exits-later": ("def build():\n    raise SystemExit\n", "SystemExit"),
    "no-exception": ("class Stop(BaseException): ...\n\ndef build():\n    raise Stop\n", "Stop"),
    "other-shape": (CODE.replace("width=4", "width=5"), "wrong shapes"),
    "other-layers": (CODE.replace("nn.ReLU(), ", ""), "missing"),
}


@pytest.mark.parametrize("name", list(FAILING))
def test_a_factory_that_fails_is_told_in_plain_words(name: str, tmp_path: Path) -> None:
    code, reason = FAILING[name]
    source = write(tmp_path / name, MANIFEST, digits(), code)
    with pytest.raises(ModelLoadFailed, match=reason):
        source.load(source.entries()[0])


def test_damaged_weights_are_told_in_plain_words(tmp_path: Path) -> None:
    source = write(tmp_path / "digits", MANIFEST, digits())
    (tmp_path / "digits" / "model.safetensors").write_bytes(b"\x80\x04not safetensors")
    with pytest.raises(ModelLoadFailed, match="damaged"):
        source.load(source.entries()[0])


def test_no_folder_is_no_network(tmp_path: Path) -> None:
    assert Local(None).entries() == []
    assert Local(tmp_path / "absent").entries() == []
