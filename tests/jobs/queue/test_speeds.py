"""Measured speeds: found for the same network and layers, scaled to another size, never made up."""

from __future__ import annotations

import pytest

from featurelens.jobs.queue import speeds
from featurelens.jobs.queue.speeds import LaneKind, Speed

KIND = LaneKind("sha256:0", ("a", "b"), (64, 96))
SPEED = Speed(digest="sha256:0", layers=["a", "b"], height=64, width=96, alone=0.5, shared=0.25)


def other(**changes: object) -> Speed:
    return SPEED.model_copy(update=changes)


def test_of_the_same_kind() -> None:
    larger = other(height=128, width=192, alone=9.0, shared=9.0)
    assert speeds.find([larger, SPEED], KIND, alone=True) == 0.5
    assert speeds.find([larger, SPEED], KIND, alone=False) == 0.25


def test_of_another_size_by_its_pixels() -> None:
    small, large = other(height=32, width=48), other(height=256, width=384, alone=64.0)
    assert speeds.find([small, large], KIND, alone=True) == pytest.approx(2.0)
    assert speeds.find([large], KIND, alone=True) == pytest.approx(4.0)


@pytest.mark.parametrize("changes", [{"digest": "sha256:1"}, {"layers": ["a"]}, {"alone": None, "shared": None}])
def test_nothing_is_guessed(changes: dict[str, object]) -> None:
    assert speeds.find([other(**changes)], KIND, alone=True) is None
    assert speeds.find([other(**changes)], KIND, alone=False) is None


def test_alone_stands_in_for_shared_and_not_the_other_way_round() -> None:
    assert speeds.find([other(shared=None)], KIND, alone=False) == 0.5
    assert speeds.find([other(alone=None)], KIND, alone=True) is None
