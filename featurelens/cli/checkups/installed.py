"""Which parts are installed, and whether torch and torchvision are a pair."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from featurelens.cli.checkups.finding import Finding

PARTS = ("engine", "jobs", "launcher", "service", "worker")
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[.*\])?[^;]*;\s*extra\s*==\s*[\"'](?P<extra>[\w-]+)[\"']")


def installed() -> Iterator[Finding]:
    """Of each part what is missing: not wrong, as a client needs none of them."""
    yield Finding("ok", "installed", f"featurelens {version('featurelens')}, Python {platform.python_version()}")
    for part in PARTS:
        missing = [name for name in _needed(part) if not _there(name)]
        if missing:
            told = f"{part} is not installed ({', '.join(missing)}): pip install 'featurelens[{part}]'"
            yield Finding("note", "installed", told)
        else:
            yield Finding("ok", "installed", part)


def _needed(part: str) -> list[str]:
    found = [_REQUIREMENT.match(line) for line in requires("featurelens") or ()]
    return [one["name"] for one in found if one and one["extra"] == part and one["name"] != "featurelens"]


def _there(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
