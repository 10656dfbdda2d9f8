"""Names of classes from a text file: line k, from 0, names class k."""

from __future__ import annotations

from pathlib import Path


def read_labels(path: Path) -> tuple[str, ...]:
    """UTF-8, with or without a byte order mark; blank lines at the end are none. Raises OSError or ValueError."""
    lines = [line.strip() for line in path.read_text("utf-8-sig").rstrip().split("\n")]
    blank = next((number for number, line in enumerate(lines, 1) if not line), None)
    if blank is not None:
        raise ValueError(f"line {blank} of {path.name} is blank: line k, from 0, names class k")
    return tuple(lines)
