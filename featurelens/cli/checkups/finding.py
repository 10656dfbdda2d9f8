"""One thing that was seen."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """`level` note: worth knowing, and nothing to be mended."""

    level: Literal["ok", "note", "WRONG"]
    area: str
    text: str
