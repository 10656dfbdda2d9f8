"""Contact sheets, exactly."""

from __future__ import annotations

import pytest
from PIL import Image

from featurelens.jobs.contact_sheet import GAP, contact_sheet


def test_three_tiles_in_two_columns() -> None:
    """Tiles of 1 x 2 pixels in grey; white between and after them."""
    tiles = [Image.frombytes("L", (2, 1), pixels) for pixels in (b"\x01\x02", b"\x03\x04", b"\x05\x06")]
    sheet = contact_sheet(tiles, 2, 1, 2, "L")
    assert sheet.size == (2 + GAP + 2, 1 + GAP + 1) == (8, 6)
    white = b"\xff"
    assert sheet.tobytes() == b"\x01\x02" + white * GAP + b"\x03\x04" + white * 8 * GAP + b"\x05\x06" + white * 6


@pytest.mark.parametrize(("mode", "gap"), [("L", 255), ("LA", 0), ("RGB", 255), ("RGBA", 0)])
def test_gaps_are_white_or_nothing(mode: str, gap: int) -> None:
    """Tiles go onto a sheet of their own mode to the bit, whatever their transparency."""
    channels = len(mode)
    tiles = [Image.frombytes(mode, (1, 2), bytes([shade]) * 2 * channels) for shade in (7, 9)]
    sheet = contact_sheet(tiles, 1, 2, 2, mode)
    assert sheet.size == (2 + GAP, 2)
    line = bytes([7]) * channels + bytes([gap]) * GAP * channels + bytes([9]) * channels
    assert sheet.tobytes() == line * 2


@pytest.mark.parametrize(("tiles", "columns", "rows"), [(1, 1, 1), (4, 2, 2), (5, 2, 3), (3, 3, 1), (4, 3, 2)])
def test_size(tiles: int, columns: int, rows: int) -> None:
    sheet = contact_sheet([Image.new("RGB", (3, 5))] * tiles, 3, 5, columns)
    assert sheet.size == (columns * 3 + (columns - 1) * GAP, rows * 5 + (rows - 1) * GAP)


def test_places_without_a_tile_or_with_a_small_one_stay_white() -> None:
    sheet = contact_sheet([None, Image.new("L", (1, 1), 0)], 2, 2, 2, "L")
    assert sheet.tobytes() == b"\xff" * (2 + GAP) + b"\x00\xff" + b"\xff" * (2 + GAP + 2)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_a_transparent_tile_lies_over_white(mode: str) -> None:
    tile = Image.new(mode, (2, 1), (0,) * len(mode))
    tile.putpixel((1, 0), (0,) * (len(mode) - 1) + (255,))
    assert contact_sheet([tile], 2, 1, 1).tobytes() == b"\xff\xff\xff\x00\x00\x00"
