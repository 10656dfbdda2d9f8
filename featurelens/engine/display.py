"""What of a picture's channels people look at: one as grey, three as colours, or all of them on one sheet."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

Channels = tuple[int, ...]
"""One channel (grey) or three (red, green, blue), counted from 0."""
Display = Channels | Literal["sheet"]
"""The channels that are shown, or a sheet: every channel a grey tile, in rows, as square as it gets."""

GAP = 2
"""Pixels between tiles, white, or nothing where the picture is transparent; between pictures there are more."""


def display_of(channels: int, stated: Display | None) -> Display:
    """What is stated, or the usual."""
    return usual_display(channels) if stated is None else stated


def photograph_of(channels: int, display: Display, stated: Channels | None) -> Channels | None:
    """What is stated, or the usual; None: photographs are not taken."""
    return stated or usual_photograph(channels, display)


def usual_display(channels: int) -> Display:
    """One channel is grey and three are colours. Which of two or four are, nobody can tell: they come on a sheet."""
    return tuple(range(channels)) if channels in (1, 3) else "sheet"


def usual_photograph(channels: int, display: Display) -> Channels | None:
    """Where the grey of a photograph goes, or its red, green and blue: where they are shown, if that is known."""
    shown = usual_display(channels) if display == "sheet" else display
    return None if shown == "sheet" else shown


def grid(display: Display, channels: int) -> tuple[int, int]:
    """Rows and columns of tiles."""
    if display != "sheet":
        return 1, 1
    columns = math.ceil(math.sqrt(channels))
    return math.ceil(channels / columns), columns


def displayed(pixels: Tensor, display: Display, channels: int) -> Tensor:
    """uint8 (B, H, W, `channels`) -> (B, h, w, 1 or 3); one channel more, opacity, stays behind the others.

    On a sheet of R rows and K columns h is R * (H + GAP) - GAP, w likewise.
    """
    colours, opacity = pixels[..., :channels], pixels[..., channels:]
    if display != "sheet":
        return torch.cat([colours[..., list(display)], opacity], dim=-1)
    rows, columns = grid(display, channels)
    pictures, height, width, _ = pixels.shape
    transparent = opacity.shape[-1] > 0
    size = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP)
    sheet = pixels.new_full((pictures, *size, 1 + transparent), 0 if transparent else 255)
    for number in range(channels):
        row, column = divmod(number, columns)
        top, left = row * (height + GAP), column * (width + GAP)
        tile = torch.cat([colours[..., number, None], opacity], dim=-1)
        sheet[:, top : top + height, left : left + width] = tile
    return sheet
