"""Whose turn it is: one by one before sweeps, but for one turn in four."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.scheduler import choose
from featurelens.worker.renderer.work import Work

SPEC = VisualizationSpec(model="m", layer="l", channel=0)


@dataclass(frozen=True)
class Waiting:
    """Work of which only its rows and who asked for it matter."""

    name: str
    rows: int
    ask: Ask


def work(name: str, rows: int = 1) -> Waiting:
    """Of a sweep where the name is written small."""
    return Waiting(name, rows, Ask(key="fv1_" + "0" * 64, spec=SPEC, digest="d", sweep=name.islower()))


def chosen(names: str, room: int, *, sweeps_first: bool = False) -> str:
    found = choose(cast("list[Work]", [work(name) for name in names]), room, sweeps_first=sweeps_first)
    return "".join(cast("Any", one).name for one in found)


@pytest.mark.parametrize(
    ("names", "room", "sweeps_first", "expected"),
    [
        ("aBcD", 4, False, "BDac"),
        ("aBcD", 4, True, "acBD"),
        ("aBcDE", 3, False, "BDE"),
        ("aBcDE", 3, True, "acB"),
        ("abc", 2, False, "ab"),
        ("abcdefg", 9, False, "abcdefg"),
        ("abcdefG", 9, False, "Gabcd"),
        ("abcdefG", 9, True, "abcdG"),
        ("", 2, False, ""),
    ],
)
def test_order(names: str, room: int, sweeps_first: bool, expected: str) -> None:
    assert chosen(names, room, sweeps_first=sweeps_first) == expected


def test_what_is_larger_than_a_tick_has_its_turn_alone() -> None:
    large, small = cast("list[Work]", [work("A", 9), work("B")])
    assert choose([large, small], 4, sweeps_first=False) == [large]
    assert choose([small, large], 4, sweeps_first=False) == [small]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 6)), max_size=12), st.integers(1, 8), st.booleans())
def test_never_too_many_never_none(jobs: list[tuple[bool, int]], room: int, sweeps_first: bool) -> None:
    works = cast("list[Work]", [work("a" if sweep else "A", rows) for sweep, rows in jobs])
    found = choose(works, room, sweeps_first=sweeps_first)
    assert bool(found) == bool(works)
    assert len(found) == 1 or sum(one.rows for one in found) <= room
    assert len({id(one) for one in found}) == len(found)
