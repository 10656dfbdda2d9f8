"""The devices of this machine that pictures are made on. Asked without torch: the launcher is light."""

from __future__ import annotations

import os
import re
from itertools import takewhile
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
    """Cards that torch will see: those of the driver, or fewer where ``CUDA_VISIBLE_DEVICES`` says so.

    As torch reads it: a card named twice hides all, and of instances of MIG a process sees one (NVIDIA's MIG guide).
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    there = sum(_CARD.fullmatch(path.name) is not None for path in _DEVICES.glob("nvidia[0-9]*"))
    if named is None or not there:
        return there
    chosen = list(takewhile(lambda name: _names_one(name, there), (name.strip() for name in named.split(","))))
    if len(set(chosen)) < len(chosen):
        return 0
    return 1 if any(name.startswith("MIG-") for name in chosen) else len(chosen)


def _names_one(name: str, there: int) -> bool:
    """As CUDA reads the list: it ends at the first name that is nobody's."""
    return int(name) < there if name.isascii() and name.isdecimal() else name.startswith(("GPU-", "MIG-"))
