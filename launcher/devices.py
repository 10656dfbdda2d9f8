"""The devices of this machine that pictures are made on. Asked without torch: the launcher is light."""

from __future__ import annotations

import os
import re
from pathlib import Path

_DEVICES = Path("/dev")
_CARD = re.compile(r"nvidia(\d+)")


def devices(asked: str, renderers: int | None = None) -> list[str]:
    """The device of each renderer: those that `asked` names (``auto``, ``cpu``, ``cuda``, ``cuda:1``), in turn.

    One renderer for each of them, unless `renderers` says how many.
    """
    found = [asked]
    cards = visible_cards()
    if cards and asked in {"auto", "cuda"}:
        found = [f"cuda:{number}" for number in range(cards)]
    return [found[number % len(found)] for number in range(renderers or len(found))]


def visible_cards() -> int:
    """Cards that torch will see: those of the driver, or fewer where ``CUDA_VISIBLE_DEVICES`` says so."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    there = sum(_CARD.fullmatch(path.name) is not None for path in _DEVICES.glob("nvidia[0-9]*"))
    if named is None or not there:
        return there
    chosen = [name.strip() for name in named.split(",")]
    return len(chosen[: chosen.index("-1")] if "-1" in chosen else [name for name in chosen if name])
