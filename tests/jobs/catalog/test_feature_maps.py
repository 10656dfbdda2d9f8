"""How large feature maps are at another size: never smaller than they are, whatever the filters."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurelens.jobs.catalog.entries import LayerEntry, LayerKind
from featurelens.jobs.catalog.feature_maps import PADDING, largest

OWN = (64, 96)


class Filter(NamedTuple):
    """Convolution or pooling along one axis."""

    kernel: int
    stride: int
    padding: int
    ceil: bool

    def __call__(self, positions: int) -> int:
        steps = (positions + 2 * self.padding - self.kernel) / self.stride
        return (math.ceil(steps) if self.ceil else math.floor(steps)) + 1


FILTERS = st.lists(
    st.builds(Filter, st.integers(1, 7), st.integers(1, 3), st.integers(0, 3), st.booleans()), max_size=5
)


def layer(kind: LayerKind = "spatial", **fields: object) -> LayerEntry:
    return LayerEntry.model_validate({"name": "l", "type": "t", "kind": kind, "channels": 4, **fields})


@given(FILTERS, st.integers(8, 300), st.integers(8, 300), st.integers(1, PADDING))
def test_no_map_is_larger(filters: list[Filter], own: int, asked: int, multiple: int) -> None:
    """The input may be padded to a multiple of some number first."""

    def positions(pixels: int) -> int:
        found = -(-pixels // multiple) * multiple
        for one in filters:
            found = max(one(found), 1)
        return found

    stride = math.prod(one.stride for one in filters)
    entry = layer(height=positions(own), width=positions(own), stride=(stride, stride))
    height, width = largest(entry, (own, own), (asked, own))
    assert height is not None
    assert height >= positions(asked)
    assert width == positions(own)
    if asked == own:
        assert height == positions(own)


def test_a_larger_picture_has_about_as_many_more_positions_as_strides() -> None:
    entry = layer(height=16, width=24, stride=(4, 4))
    assert largest(entry, OWN, (1024, 96)) == (16 + (960 + PADDING) // 4, 24)
    assert largest(entry, OWN, (8, 8)) == (16, 24)


@pytest.mark.parametrize("size", [OWN, (32, 32), (640, 960)])
def test_a_vector_has_one_position(size: tuple[int, int]) -> None:
    assert largest(layer("vector"), OWN, size) == (1, 1)


@pytest.mark.parametrize(
    ("entry", "larger"),
    [
        (layer("tokens", height=25), (None, 1)),
        (layer("tokens", height=4, width=6), (None, None)),
        (layer(height=16, width=24), (None, None)),
    ],
)
def test_without_a_stride_only_smaller_pictures_are_certain(
    entry: LayerEntry, larger: tuple[int | None, int | None]
) -> None:
    assert largest(entry, OWN, (65, 96)) == larger
    assert largest(entry, OWN, OWN) == largest(entry, OWN, (64, 90)) == (entry.height, entry.width or 1)
