"""Published weights files: downloaded once, checked against the digest in their own name, never used half."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import structlog

from jobs.errors import ModelLoadFailed

TIMEOUT = 30.0
"""Seconds without a byte after which a download is given up."""
CHUNK = 1 << 20

log = structlog.get_logger(__name__)


def sha256(path: Path) -> str:
    """64 hex digits of the file's contents."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def published_name(url: str) -> str:
    """The file name at the end of `url`."""
    return url.rsplit("/", 1)[-1]


def fetch(url: str, folder: Path, timeout: float = TIMEOUT) -> Path:
    """The file published at `url`, in `folder`, whose sha256 starts with the hex digits in its name.

    A file that is already there is checked as well, so an operator may put it there by hand. Raises
    `ModelLoadFailed` with the name of the file and where it belongs.
    """
    name = published_name(url)
    digits = re.search(r"-([0-9a-f]{8,64})\.\w+$", name)
    if digits is None:
        raise ModelLoadFailed(f"{name} has no digest in its name and cannot be checked")
    path = folder / name
    if path.exists():
        if sha256(path).startswith(digits[1]):
            return path
        log.warning("weights damaged, downloading them again", file=name)
    folder.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
    try:
        log.info("downloading weights", file=name)
        with os.fdopen(handle, "wb") as file, urllib.request.urlopen(url, timeout=timeout) as answer:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if not sha256(Path(part)).startswith(digits[1]):
            raise ModelLoadFailed(_by_hand(name, url, "what came does not have the published digest"))
        Path(part).replace(path)
    except (OSError, ValueError, urllib.error.HTTPError) as error:
        reason = getattr(error, "reason", None) or error
        raise ModelLoadFailed(_by_hand(name, url, str(reason))) from error
    finally:
        Path(part).unlink(missing_ok=True)
    return path


def _by_hand(name: str, url: str, reason: str) -> str:
    return (
        f"{name} could not be downloaded ({reason}); fetch it from {url}, "
        "put it into cache/weights of the state folder (FEATURELENS_STATE) and ask again"
    )
