"""Contact sheets, exactly."""

from __future__ import annotations

import pytest

from featurelens.worker.slot.contact_sheet import GAP, ContactSheet


def test_three_tiles_in_two_columns() -> None:
    """Tiles of 1 x 2 pixels in grey; white between and after them."""
    sheet = ContactSheet(height=1, width=2, channels=1, columns=2)
    assert sheet.size(3) == (1 + GAP + 1, 2 + GAP + 2) == (6, 8)
    pixels = sheet.paste([b"\x01\x02", b"\x03\x04", b"\x05\x06"])
    white = b"\xff"
    assert pixels == b"\x01\x02" + white * GAP + b"\x03\x04" + white * 8 * GAP + b"\x05\x06" + white * 6


@pytest.mark.parametrize(("channels", "gap"), [(1, 255), (2, 0), (3, 255), (4, 0)])
def test_gaps_are_white_or_nothing(channels: int, gap: int) -> None:
    sheet = ContactSheet(height=2, width=1, channels=channels, columns=2)
    height, width = sheet.size(2)
    pixels = sheet.paste([bytes([7]) * 2 * channels, bytes([9]) * 2 * channels])
    assert (height, width) == (2, 2 + GAP)
    line = bytes([7]) * channels + bytes([gap]) * GAP * channels + bytes([9]) * channels
    assert pixels == line * 2


@pytest.mark.parametrize(("tiles", "columns", "rows"), [(1, 1, 1), (4, 2, 2), (5, 2, 3), (3, 3, 1), (4, 3, 2)])
def test_size(tiles: int, columns: int, rows: int) -> None:
    sheet = ContactSheet(height=5, width=3, channels=3, columns=columns)
    height, width = sheet.size(tiles)
    assert (height, width) == (rows * 5 + (rows - 1) * GAP, columns * 3 + (columns - 1) * GAP)
    assert len(sheet.paste([bytes(45)] * tiles)) == height * width * 3
