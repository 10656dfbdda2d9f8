"""What Linux tells of a process in /proc/PID/stat (proc(5))."""

from __future__ import annotations

from pathlib import Path


def fields(process: int | Path | str = "self") -> list[str]:
    """Those that follow the name, which may hold spaces and brackets: state, parent, ...

    Of a process by its id, or of a thread by its folder. Raises OSError where there is none, or Linux does not tell.
    """
    return (Path("/proc", str(process)) / "stat").read_text(errors="replace").rpartition(")")[2].split()
