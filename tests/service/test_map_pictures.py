"""Colors of maps are exact: zero is white, the scale's ends are the darkest, positions lie where they should."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from featurelens.jobs.catalog.entries import LayerEntry
from featurelens.jobs.palette import BLUE, ORANGE, WHITE
from featurelens.service.geometry import Geometry
from featurelens.service.map_pictures import (
    CELL,
    DARKEST,
    FIELD,
    Plane,
    drawn,
    encoded,
    laid_over,
    sheet,
)

LAYER = LayerEntry(
    name="l", type="Conv2d", kind="spatial", channels=1, receptive_field=(3, 3), stride=(1, 1), start=(-1, -1)
)


def plane(rows: list[list[float]], largest: float = 2.0) -> Plane:
    flat = [number for row in rows for number in row]
    return Plane(struct.pack(f"<{len(flat)}f", *flat), len(rows), len(rows[0]), largest)


def test_zero_is_white_and_the_ends_are_the_darkest() -> None:
    image = drawn(plane([[-2.0, 0.0, 2.0], [-0.0, 1e-6, -1e-6]]), None, (2, 3))
    assert [[image.getpixel((x, y)) for x in range(3)] for y in range(2)] == [[BLUE, WHITE, ORANGE], [WHITE] * 3]


def test_what_lies_between_is_as_strong_on_both_sides() -> None:
    """Of the 127 levels on either side, each is a straight mixture of white and the end."""
    levels = [level / 127 * 2 for level in range(-127, 128)]
    image = drawn(plane([levels]), None, (1, 255))
    for place, level in enumerate(range(-127, 128)):
        end = ORANGE if level > 0 else BLUE
        mixed = tuple(round(255 + (part - 255) * abs(level) / 127) for part in end)
        assert image.getpixel((place, 0)) == mixed


def test_beyond_the_scale_nothing_gets_darker() -> None:
    image = drawn(plane([[-9.0, 9.0]]), None, (1, 2))
    assert [image.getpixel((x, 0)) for x in (0, 1)] == [BLUE, ORANGE]


def test_a_map_of_zeros_is_white() -> None:
    assert drawn(plane([[0.0, 0.0]], largest=0.0), None, (1, 2)).getcolors() == [(2, WHITE)]


@pytest.mark.parametrize(("width", "size"), [(None, (99, 66)), (192, (192, 128))])
def test_positions_are_blocks(width: int | None, size: tuple[int, int]) -> None:
    image = drawn(plane([[0.0, 2.0, 0.0], [0.0, 0.0, -2.0]]), width, (70, 100))
    assert image.size == size
    block = size[0] // 3
    pixels = np.asarray(image)
    assert (pixels[:block, block : 2 * block] == ORANGE).all()
    assert (pixels[block:, 2 * block :] == BLUE).all()
    assert (pixels[block:, : 2 * block] == WHITE).all()


def test_a_position_is_framed() -> None:
    image = drawn(plane([[0.0] * 4] * 4), 64, (4, 4), (2, 1))
    pixels = np.asarray(image)
    rows, columns = np.nonzero((pixels == CELL).all(2))
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (32, 47, 16, 31)


def test_over_a_photograph_zero_leaves_it_as_it_is_but_pale_and_grey() -> None:
    photograph = Image.new("RGB", (4, 3), (0, 0, 0))
    rows = [[0.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, -2.0], [0.0] * 4]
    image = laid_over(plane(rows), photograph, Geometry(LAYER, (3, 4), (3, 4)), None)
    assert image.getpixel((0, 0)) == (DARKEST,) * 3
    for place, end in (((1, 1), ORANGE), ((3, 1), BLUE)):
        shown = image.getpixel(place)
        assert isinstance(shown, tuple)
        assert shown == pytest.approx([0.85 * part + 0.15 * DARKEST for part in end], abs=1)


def test_over_a_photograph_positions_lie_where_they_see() -> None:
    """Without padding the first position of a filter of three lies one pixel from the border."""
    unpadded = LAYER.model_copy(update={"start": (0, 0)})
    photograph = Image.new("L", (4, 4), 255)
    image = laid_over(plane([[2.0, 0.0], [0.0, 0.0]]), photograph, Geometry(unpadded, (2, 2), (4, 4)), None)
    colored = np.argwhere((np.asarray(image) != 255).any(2))
    assert colored.tolist() == [[1, 1]]


def test_the_receptive_field_is_drawn_as_far_as_it_lies_on_the_picture() -> None:
    photograph = Image.new("RGB", (16, 16), "white")
    wide = LAYER.model_copy(update={"receptive_field": (9, 7), "start": (-4, -3)})
    geometry = Geometry(wide, (16, 16), (16, 16))
    pixels = np.asarray(laid_over(plane([[0.0] * 16] * 16), photograph, geometry, None, (8, 2)))
    rows, columns = np.nonzero((pixels == FIELD).all(2))
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (5, 11, 0, 6)
    assert (pixels[2, 8] == CELL).all()
    undefined = Geometry(LAYER.model_copy(update={"receptive_field": None}), (16, 16), (16, 16))
    pixels = np.asarray(laid_over(plane([[0.0] * 16] * 16), photograph, undefined, None, (8, 2)))
    assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1]] == FIELD).all(), "the whole picture"


def test_a_sheet_numbers_its_tiles() -> None:
    white = drawn(plane([[0.0]]), 64, (1, 1))
    whole = sheet([(7, white), (123, white), (8, white)], 2)
    assert whole.size == (132, 132)
    black = np.asarray(whole.convert("L")) < 100
    assert black[:64, :64].sum() < black[:64, 68:].sum(), "one digit, three digits"
    assert not black[68:, 68:].any()


@pytest.mark.parametrize("format", ["png", "webp"])
def test_no_color_is_lost(format: str) -> None:
    image = drawn(plane([[level / 127 * 2 for level in range(-127, 128)]]), None, (1, 255))
    with Image.open(io.BytesIO(encoded(image, format))) as read:
        assert read.format == format.upper()
        np.testing.assert_array_equal(np.asarray(read.convert("RGB")), np.asarray(image))
