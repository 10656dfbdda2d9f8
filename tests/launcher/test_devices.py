"""One renderer for each device."""

from __future__ import annotations

from pathlib import Path

import pytest

from featurelens.launcher import devices
from featurelens.launcher.devices import devices as found
from featurelens.launcher.devices import visible_cards


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two, with what the driver has beside them."""
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-modeset"):
        (tmp_path / name).touch()
    monkeypatch.setattr(devices, "_DEVICES", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


def test_every_card_has_one(cards: Path) -> None:
    assert found("auto") == found("cuda") == ["cuda:0", "cuda:1"]
    assert found("cuda:1") == ["cuda:1"]
    assert found("cpu") == ["cpu"]


def test_the_processor_where_there_is_no_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_DEVICES", tmp_path)
    assert found("auto") == ["auto"]
    assert found("auto", 3) == ["auto"] * 3


def test_an_operator_may_say_how_many(cards: Path) -> None:
    assert found("auto", 3) == ["cuda:0", "cuda:1", "cuda:0"]
    assert found("auto", 1) == ["cuda:0"]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("0", 1),
        ("1, 0", 2),
        ("", 0),
        ("-1", 0),
        ("1,-1,0", 1),
        ("1,2,0", 1),
        ("0,0", 0),
        ("GPU-1b2c,GPU-3d4e", 2),
        ("GPU-1b2c,GPU-1b2c", 0),
        ("MIG-1b2c,MIG-3d4e", 1),
        ("nonsense", 0),
    ],
)
def test_only_those_that_are_visible(cards: Path, monkeypatch: pytest.MonkeyPatch, named: str, expected: int) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible_cards() == expected
