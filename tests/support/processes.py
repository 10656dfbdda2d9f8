"""The processes that belong to one state folder, found in /proc: nobody can hide from it by changing its parent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One process: its id, its parent's, and its command line."""

    pid: int
    parent: int
    command: str


def processes(state: Path) -> list[Process]:
    """Every living process whose environment or command line names the folder, this one left out."""
    marks = (f"FEATURELENS_STATE={state}\0".encode(), f"{state}/".encode())
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes() + b"\0"
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        ours = marks[0] in environment or marks[1] in command
        if ours and fields[0] != "Z" and int(folder.name) != os.getpid():
            text = command.replace(b"\0", b" ").decode(errors="replace").strip()
            found.append(Process(int(folder.name), int(fields[1]), text))
    return found
