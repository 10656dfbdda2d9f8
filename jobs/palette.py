"""Colors of numbers with a sign: everywhere orange is above zero, or raises a unit, and blue is below, or lowers it.

Orange and blue are told apart with any color vision; on either ground they also differ in lightness.
"""

from __future__ import annotations

Color = tuple[int, int, int]

WHITE: Color = (255, 255, 255)
ORANGE: Color = (217, 95, 2)
BLUE: Color = (33, 102, 172)
"""The ends of a scale around white, or around what is clear: feature maps and attributions."""

GREY = 128
LIGHT_ORANGE: Color = (255, 176, 48)
DARK_BLUE: Color = (16, 56, 176)
"""The ends of a scale around mid grey: kernels, of which a few large pixels are shown."""
