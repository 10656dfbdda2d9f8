"""``Prefer: wait=N`` (RFC 7240): how long a client would like to wait for the end of a job."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, TypeVar

import anyio
from fastapi import Depends, Header, Request

from featurelens.service.schemas.job import Job
from featurelens.service.waits import waiting
from featurelens.service.watcher import Watcher


async def _preferences(
    request: Request,
    prefer: Annotated[
        str | None,
        Header(description="`wait=N` holds the answer until it is finished, up to N seconds", examples=["wait=10"]),
    ] = None,
) -> list[str]:
    """All headers of this name: they may come as one or as several."""
    return request.headers.getlist("prefer") if prefer is not None else []


Prefer = Annotated[list[str], Depends(_preferences)]

LONGEST = 20
"""Seconds: most proxies give up after 30 or 60."""

J = TypeVar("J", bound=Job)

_PREFERENCE = re.compile(
    r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?\s*((?:;[^,]*)?)(?:,|$)'
)


def wait(headers: Sequence[str]) -> int | None:
    """Whole seconds, at most `LONGEST`; None when nobody asks for it or what is asked for cannot be read.

    Preferences come as a list, in one header or several; the first of a name counts, names are case-insensitive.
    """
    line = ",".join(headers)
    at = 0
    while at < len(line):
        found = _PREFERENCE.match(line, at)
        if found is None:
            at = _next(line, at)
            continue
        name, value = found[1].lower(), (found[2] or "").strip('"')
        if name == "wait":
            return min(int(value), LONGEST) if value.isascii() and value.isdecimal() and len(value) < 10 else None
        at = found.end()
    return None


def _next(line: str, at: int) -> int:
    comma = line.find(",", at)
    return len(line) if comma < 0 else comma + 1


async def ended(watcher: Watcher[J], key: str, seconds: int) -> J | None:
    """The resource as soon as the job has ended one way or the other; None when it has not within `seconds`."""
    version = 0
    with waiting(), anyio.move_on_after(seconds):
        async with watcher.watching(key) as watched:
            while True:
                version = await watched.newer(version)
                if watched.state is not None and watched.state.over:
                    return watched.state
    return None
