"""Processes as /proc knows them: nobody can hide from it by changing its parent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from featurelens.jobs import process_stat


@dataclass(frozen=True)
class Process:
    """One process: its id, its parent's, and its command line."""

    pid: int
    parent: int
    command: str


def processes(state: Path) -> list[Process]:
    """Every living process whose environment or command line names the state folder, this one left out."""
    marks = (f"FEATURELENS_STATE={state}\0".encode(), f"{state}/".encode())
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes() + b"\0"
            fields = process_stat.fields(folder)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        ours = marks[0] in environment or marks[1] in command
        if ours and fields[0] != "Z" and int(folder.name) != os.getpid():
            text = command.replace(b"\0", b" ").decode(errors="replace").strip()
            found.append(Process(int(folder.name), int(fields[1]), text))
    return found


def children(pid: int) -> list[int]:
    """The processes that `pid` has forked and that still run."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def environment_of(pid: int) -> list[str]:
    """``NAME=value`` as a process was given them; none of one that is gone."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return process_stat.fields(pid)[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def rss(pid: int) -> int:
    """The resident memory of a process in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024
