"""A contact sheet: pictures of one size side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 4
"""Pixels between pictures, white, or nothing where there is transparency."""


@dataclass(frozen=True)
class ContactSheet:
    """Tiles of `height` x `width` pixels of `channels` bytes, `columns` in a row."""

    height: int
    width: int
    channels: int
    columns: int

    def size(self, tiles: int) -> tuple[int, int]:
        """(height, width) of the sheet in pixels."""
        rows = -(-tiles // self.columns)
        return rows * (self.height + GAP) - GAP, self.columns * (self.width + GAP) - GAP

    def paste(self, tiles: Sequence[bytes]) -> bytes:
        """All tiles, row after row, as raw pixels."""
        height, width = self.size(len(tiles))
        blank = b"\xff" * self.channels if self.channels in (1, 3) else b"\x00" * self.channels
        stride, line = width * self.channels, self.width * self.channels
        sheet = bytearray(blank * (height * width))
        for number, tile in enumerate(tiles):
            row, column = divmod(number, self.columns)
            corner = row * (self.height + GAP) * stride + column * (self.width + GAP) * self.channels
            for y in range(self.height):
                start = corner + y * stride
                sheet[start : start + line] = tile[y * line : (y + 1) * line]
        return bytes(sheet)
