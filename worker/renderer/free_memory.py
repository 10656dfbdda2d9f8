"""How much memory there is for jobs: of what is free on the device when the renderer starts."""

from __future__ import annotations

import re
import resource
from pathlib import Path

import torch

_SHARE = 0.75
"""Of what is free: the rest is for small jobs, which are not made to wait, and for what an estimate is too low."""


def memory_for_jobs(device: torch.device) -> int:
    """Bytes; 0 where it cannot be told. On a CPU the limits of the process and of its control group count as well."""
    if device.type == "cuda":
        return int(_SHARE * torch.cuda.mem_get_info(device)[0])
    bounds = [_available(Path("/proc/meminfo")), _group(Path("/sys/fs/cgroup")), _address_space()]
    return int(_SHARE * min((bound for bound in bounds if bound is not None), default=0))


def _available(meminfo: Path) -> int | None:
    found = re.search(r"MemAvailable:\s+(\d+) kB", _text(meminfo))
    return int(found[1]) * 1024 if found else None


def _group(folder: Path) -> int | None:
    """What a container may still take."""
    most, taken = _text(folder / "memory.max").strip(), _text(folder / "memory.current").strip()
    return max(0, int(most) - int(taken)) if most.isdigit() and taken.isdigit() else None


def _address_space() -> int | None:
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    pages = _text(Path("/proc/self/statm")).split(" ")[0]
    return None if most == resource.RLIM_INFINITY or not pages else max(0, most - int(pages) * resource.getpagesize())


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # not on this system
        return ""
