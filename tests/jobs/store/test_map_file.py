"""Arrays come out of a safetensors file as that library put them in."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from safetensors.numpy import save

from featurelens.jobs.errors import NotReady
from featurelens.jobs.store.map_file import MapFile

GENERATOR = np.random.default_rng(0)
MAPS = GENERATOR.normal(size=(5, 3, 4)).astype(np.float32)
BYTES = GENERATOR.integers(0, 256, (2, 3, 3), np.uint8)
CONTENT = save({"maps": MAPS, "photograph": BYTES, "one": np.array([2.5], np.float32)}, {"a": "b"})


def part(content: bytes, start: int, length: int) -> bytes | None:
    return content[start : start + length] if start + length <= len(content) else None


@pytest.fixture
def file() -> MapFile:
    return MapFile(partial(part, CONTENT))


def test_whole_arrays(file: MapFile) -> None:
    assert file.shape("maps") == MAPS.shape
    assert file.array("maps") == MAPS.tobytes()
    assert file.array("photograph") == BYTES.tobytes()
    assert file.floats("one") == [2.5]


def test_one_map(file: MapFile) -> None:
    for channel in range(5):
        assert file.array("maps", channel) == MAPS[channel].tobytes()
        assert file.floats("maps", channel) == MAPS[channel].flatten().tolist()


@pytest.mark.parametrize("at_once", [1, 100, 1 << 20])
def test_one_position(file: MapFile, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("featurelens.jobs.store.map_file._AT_ONCE", at_once)
    for position in range(12):
        assert file.column("maps", position) == MAPS.reshape(5, 12)[:, position].tolist()


def test_what_is_not_there(file: MapFile) -> None:
    with pytest.raises(KeyError):
        file.array("other")
    with pytest.raises(NotReady):
        MapFile(lambda _start, _length: None)
