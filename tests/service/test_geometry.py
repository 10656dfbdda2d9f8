"""Positions lie where their receptive fields do."""

from __future__ import annotations

import pytest

from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.service.geometry import Box, Geometry


def layer(**fields: object) -> LayerEntry:
    return LayerEntry.model_validate({"name": "l", "type": "Conv2d", "kind": "spatial", "channels": 1, **fields})


def test_of_a_padded_filter_each_pixel_is_a_position() -> None:
    found = Geometry(layer(receptive_field=(3, 3), stride=(1, 1), start=(-1, -1)), (8, 12), (8, 12))
    assert found.cell(0, 0) == Box(0, 0, 1, 1)
    assert found.field(0, 0) == Box(-1, -1, 2, 2)
    assert found.field(11, 7) == Box(10, 6, 13, 9)
    assert [found.position(x, 3) for x in (0, 5, 11)] == [(0, 3), (5, 3), (11, 3)]


def test_without_padding_the_borders_belong_to_no_position() -> None:
    """A filter of 5 rows and 3 columns, stride 2 and 1: the pixels around it go to the nearest."""
    found = Geometry(layer(receptive_field=(5, 3), stride=(2, 1), start=(0, 0)), (2, 10), (8, 12))
    assert found.cell(0, 0) == Box(1, 1.5, 2, 3.5)
    assert found.field(3, 1) == Box(3, 2, 6, 7)
    assert [found.position(0, y)[1] for y in range(8)] == [0, 0, 0, 1, 1, 1, 1, 1]
    assert [found.position(x, 0)[0] for x in (0, 1, 2, 10, 11)] == [0, 0, 1, 9, 9]


@pytest.mark.parametrize("kind", ["tokens", "vector"])
def test_what_has_no_field_shares_the_picture(kind: str) -> None:
    found = Geometry(layer(kind=kind), (4, 2), (32, 64))
    assert not found.known
    assert found.field(0, 0) is None
    assert found.cell(1, 3) == Box(32, 24, 64, 32)
    assert (found.position(31, 7), found.position(32, 8), found.position(63, 31)) == ((0, 0), (1, 1), (1, 3))


def test_every_pixel_is_covered_by_its_position() -> None:
    found = Geometry(layer(receptive_field=(11, 11), stride=(4, 4), start=(-5, -5)), (6, 6), (24, 24))
    for pixel in range(1, 23):
        x, y = found.position(pixel, pixel)
        cell = found.cell(x, y)
        assert cell.left <= pixel + 0.5 <= cell.right or x in (0, 5)
        assert cell.top <= pixel + 0.5 <= cell.bottom or y in (0, 5)
