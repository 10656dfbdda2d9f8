"""A file over HTTP, taken up again where it stopped: after a lost connection, and after a restart."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from io import BufferedRandom
from pathlib import Path
from typing import Any

import structlog

from featurelens.worker.models.sources.download_progress import tell

CHUNK = 1 << 18
TELL_EVERY = 10.0
"""Seconds between two lines in the log on how many bytes have come."""

_PARTIAL = 206
_NOT_THERE = 416
"""The status for a range that begins behind the end."""

log = structlog.get_logger(__name__)


@contextmanager
def locked(part: Path) -> Iterator[BufferedRandom]:
    """The file `part`, made where there is none, for one process at a time: others wait. Raises OSError."""
    part.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with part.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is(part, file):  # else another has finished it meanwhile
                yield file
                return


def transfer(url: str, file: BufferedRandom, timeout: float) -> tuple[str, bool]:
    """All of `url` in `file`, synced: its sha256 in hex, and whether some of it was there before.

    As long as something comes, a connection that ends early is followed by another. Raises OSError or ValueError with
    what has come left in the file.
    """
    measured = _digest(file)
    resumed = file.tell() > 0
    while True:
        begun = file.tell()
        try:
            measured, whole = _taken(url, file, measured, timeout)
        except (OSError, HTTPException) as error:
            if isinstance(error, urllib.error.HTTPError) or file.tell() <= begun:
                raise error if isinstance(error, OSError) else OSError(str(error)) from error
            log.info("the connection was lost, taking the download up again", file=file.name, bytes=file.tell())
            measured = _digest(file)
            continue
        if whole:
            file.flush()
            os.fsync(file.fileno())
            return measured.hexdigest(), resumed
        if file.tell() <= begun:
            raise OSError(f"the connection ended after {file.tell():,} bytes")


def _taken(url: str, file: BufferedRandom, measured: Any, timeout: float) -> tuple[Any, bool]:
    """The digest of all that is in `file` now, and whether that is the whole."""
    start = file.tell()
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        answer = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code != _NOT_THERE or not start:
            raise
        error.close()
        answer = urllib.request.urlopen(url, timeout=timeout)
    with answer:
        begins = re.match(rf"bytes {start}-", answer.headers.get("Content-Range", ""))
        if start and not (answer.status == _PARTIAL and begins):  # it sends all of it, whatever was asked for
            file.seek(0)
            file.truncate()
            start, measured = 0, hashlib.sha256()
        length = answer.headers.get("Content-Length", "")
        end = start + int(length) if length.isdecimal() else None
        told = time.monotonic()
        tell(start, end)
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            measured.update(chunk)
            tell(file.tell(), end)
            if time.monotonic() - told > TELL_EVERY:
                told = time.monotonic()
                log.info("downloading weights", file=file.name, bytes=file.tell(), of=end)
    return measured, end is None or file.tell() >= end


def _digest(file: BufferedRandom) -> Any:
    """That of all that is in the file; leaves it at its end."""
    file.flush()
    file.seek(0)
    return hashlib.file_digest(file, "sha256")


def _is(path: Path, file: BufferedRandom) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
