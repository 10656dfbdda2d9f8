"""Files that are whole or not there: written aside, under a name that begins with a dot, then renamed or linked.

`durable` says whether file and folder are synced, so that a file is there, and whole, after a power cut too. True for
what cannot be made again, or only at a price: results, photographs, API keys, secrets, downloaded weights. False for
what is made again at once (thumbnails, layer lists, the embedded server's configuration): a sync costs milliseconds,
and after a power cut such a file may be empty or torn, which its reader notices.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

OWNER_ONLY = 0o600
"""The mode of a secret: from its first byte on, nobody else can read it."""

_DEFAULT = 0o666
"""As `open` makes files: the umask takes the rest away."""


def write(path: Path, content: bytes, *, durable: bool, mode: int = _DEFAULT) -> None:
    """Replaces `path`, or makes it. Raises OSError, and then `path` is as it was and nothing is left aside."""
    with replacing(path, durable=durable, mode=mode) as file:
        file.write(content)


def create(path: Path, content: bytes, *, durable: bool, mode: int = _DEFAULT) -> bool:
    """Makes `path`; False when it is there already. Of several at once one wins, whole. Raises OSError."""
    with _aside(path) as aside:
        with new_file(aside, durable=durable, mode=mode) as file:
            file.write(content)
        try:
            path.hardlink_to(aside)  # a rename would replace what another has made
        except FileExistsError:
            return False
        if durable:
            sync_folder(path.parent)
        return True


def kept(path: Path, make: Callable[[], bytes], *, mode: int = _DEFAULT) -> bytes:
    """What `path` holds, for ever; where there is none yet, what `make` returns. Of several at once one wins."""
    if not path.exists():
        create(path, make(), durable=True, mode=mode)
    return path.read_bytes()


@contextmanager
def replacing(path: Path, *, durable: bool, mode: int = _DEFAULT) -> Iterator[IO[bytes]]:
    """A file to write to. It replaces `path` when the block ends; when the block raises, `path` stays as it was."""
    with _aside(path) as aside:
        with new_file(aside, durable=durable, mode=mode) as file:
            yield file
        aside.replace(path)
        if durable:
            sync_folder(path.parent)


@contextmanager
def new_file(path: Path, *, durable: bool, mode: int = _DEFAULT) -> Iterator[IO[bytes]]:
    """A file to write to, made in place: for a folder that is itself published whole. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        yield file
        if durable:
            file.flush()
            os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Makes the names in `folder` durable: a rename is not, by itself."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """A free name beside `path`, whose folder is made if need be; what is there when the block ends is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        yield aside
    finally:
        aside.unlink(missing_ok=True)
