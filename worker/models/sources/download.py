"""Torchvision weights files: downloaded once, checked against the digest in their own name, never used half."""

from __future__ import annotations

import hashlib
import re
import urllib.error
from collections.abc import Iterable
from pathlib import Path

import structlog

from featurelens.jobs import atomic_file
from featurelens.jobs.catalog.entries import ModelEntry
from featurelens.jobs.errors import ModelLoadFailed
from featurelens.worker.models.sources.transfer import locked, transfer

TIMEOUT = 30.0
"""Seconds without a byte after which a download is given up."""
_DIGEST = re.compile(r"[0-9a-f]{64}")

log = structlog.get_logger(__name__)


def sha256(path: Path) -> str:
    """64 hex digits of the file's contents."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def published_name(url: str) -> str:
    """The file name at the end of `url`."""
    return url.rsplit("/", 1)[-1]


def recorded(path: Path) -> str | None:
    """The sha256 that was measured when `path` was first used, from the file ``<name>.sha256`` beside it."""
    try:
        digest = path.with_name(f"{path.name}.sha256").read_text("ascii").split()[0]
    except (OSError, ValueError, IndexError):
        return None
    return digest if _DIGEST.fullmatch(digest) else None


def marked(entries: Iterable[ModelEntry], folder: Path) -> list[ModelEntry]:
    """`entries`; those whose file is in `folder` say so, with its sha256 where that is recorded.

    The digest of such an entry is its source, a colon, and the name of its file.
    """
    here = {path.name: recorded(path) for path in folder.glob("*.pth")}
    return [
        entry.model_copy(update={"downloaded": True, "sha256": here[name]})
        if (name := entry.digest.partition(":")[2]) in here
        else entry
        for entry in entries
    ]


def fetch(url: str, folder: Path, timeout: float = TIMEOUT) -> tuple[Path, str]:
    """The file published at `url`, in `folder`, whose sha256 starts with the hex digits in its name; and its sha256.

    A file that is already there is checked as well, so an operator may put it there by hand. The whole sha256 is
    recorded when a file is first used, and another one under the same name is refused from then on. What a download
    that ends early has brought stays aside, and the next one goes on from there. Raises `ModelLoadFailed` with the
    name of the file and where it belongs.
    """
    name = published_name(url)
    digits = re.search(r"-([0-9a-f]{8,64})\.\w+$", name)
    if digits is None:
        raise ModelLoadFailed(f"{name} has no digest in its name and cannot be checked")
    path = folder / name
    if path.exists():
        digest = sha256(path)
        if digest.startswith(digits[1]):
            _record(path, digest)
            return path, digest
        log.warning("weights damaged, downloading them again", file=name)
    log.info("downloading weights", file=name)
    try:
        return path, _download(url, path, digits[1], timeout)
    except (OSError, ValueError, urllib.error.HTTPError) as error:
        reason = getattr(error, "reason", None) or error
        raise ModelLoadFailed(_by_hand(name, url, str(reason))) from error


def _download(url: str, path: Path, digits: str, timeout: float) -> str:
    """The sha256, which starts with `digits`. Raises OSError, ValueError or `ModelLoadFailed`."""
    part = path.with_name(f".{path.name}.part")
    with locked(part) as file:
        if path.exists() and (digest := sha256(path)).startswith(digits):  # another process was faster
            part.unlink()
            return digest
        digest, resumed = transfer(url, file, timeout)
        if resumed and not digest.startswith(digits):  # what had come before may have been of another file
            file.truncate(0)
            digest, _ = transfer(url, file, timeout)
        if not digest.startswith(digits):
            part.unlink()
            raise ModelLoadFailed(_by_hand(path.name, url, "what came does not have the published digest"))
        _record(path, digest)
        part.replace(path)
        atomic_file.sync_folder(path.parent)
    return digest


def _record(path: Path, digest: str) -> None:
    """Notes the sha256 as ``sha256sum --check`` reads it. Raises `ModelLoadFailed` for another than noted."""
    known = recorded(path)
    if known is not None and known != digest:
        raise ModelLoadFailed(f"{path.name} is another file than was used before: its sha256 has changed")
    if known is None:
        line = f"{digest}  {path.name}\n"
        atomic_file.write(path.with_name(f"{path.name}.sha256"), line.encode("ascii"), durable=True)


def _by_hand(name: str, url: str, reason: str) -> str:
    return (
        f"{name} could not be downloaded ({reason}); fetch it from {url}, "
        "put it into cache/weights of the state folder (FEATURELENS_STATE) and ask again"
    )
