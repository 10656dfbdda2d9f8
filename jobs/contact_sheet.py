"""A contact sheet: pictures side by side, in rows."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

GAP = 4
"""Pixels between pictures, white, or nothing where the sheet has transparency."""


def contact_sheet(
    tiles: Sequence[Image.Image | None], width: int, height: int, columns: int, mode: str = "RGB"
) -> Image.Image:
    """A sheet of Pillow's `mode` with a place of `width` x `height` pixels for each tile; None leaves it blank.

    Tiles are at most that large and lie at the top left of their place. A transparent one lies over what is blank,
    unless the sheet is itself transparent.
    """
    rows = -(-len(tiles) // columns)
    bands = Image.getmodebands(mode)
    transparent = mode in {"LA", "RGBA"}
    size = (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP)
    sheet = Image.new(mode, size, (0,) * bands if transparent else (255,) * bands)
    for number, tile in enumerate(tiles):
        if tile is not None:
            row, column = divmod(number, columns)
            mask = tile if tile.mode in {"LA", "RGBA"} and not transparent else None
            sheet.paste(tile, (column * (width + GAP), row * (height + GAP)), mask)
    return sheet
