"""The files that children write to, and what their ends tell."""

from __future__ import annotations

from pathlib import Path
from typing import IO

LONGEST_REASON = 300
"""Characters of a last line that are told."""


def put_aside(folder: Path) -> Path:
    """The folder for logs, those of the last run renamed, so that no file grows for ever."""
    for log in folder.glob("*.log"):
        log.replace(log.with_suffix(".log.1"))
    return folder


def open_log(log: Path | None) -> IO[bytes] | None:
    """Opens a log to be appended to; its folder is made if need be."""
    if log is None:
        return None
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("ab")


def end_of(log: Path | None) -> list[str]:
    """The last lines."""
    return _tail(log, 8)


def last_line(log: Path | None) -> str:
    return "".join(_tail(log, 1))[:LONGEST_REASON]


def _tail(log: Path | None, lines: int) -> list[str]:
    """Nothing when there is no log, or no log any more."""
    try:
        return log.read_text(errors="replace").splitlines()[-lines:] if log else []
    except OSError:
        return []
