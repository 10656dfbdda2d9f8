"""Files that are made from others once and kept: each under a name that says all that decides it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from featurelens.jobs import atomic_file
from featurelens.jobs.logs import logger
from featurelens.jobs.store.last_used import touch

_SEAL = hashlib.sha256().digest_size


class DiskCache:
    """The folder may be deleted at any time. A damaged file is made again, and what cannot be kept is served."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str, make: Callable[[], bytes]) -> tuple[bytes, str]:
        """The bytes named `name`, made now if they are not there, and their sha256 in hex."""
        cached = self.find(name)
        if cached is not None:
            return cached
        body = make()
        path = self._path(name)
        try:
            atomic_file.write(path, hashlib.sha256(body).digest() + body, durable=False)
        except OSError as error:
            logger().warning("not kept", name=name, reason=error.strerror)
        return body, hashlib.sha256(body).hexdigest()

    def find(self, name: str) -> tuple[bytes, str] | None:
        """The same if it has been made, else None."""
        cached = _read(self._path(name))
        if cached is not None:
            touch(self._path(name))
        return cached

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name


def _read(path: Path) -> tuple[bytes, str] | None:
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        logger().warning("not read", name=path.name, reason=error.strerror)
        return None
    seal, body = content[:_SEAL], content[_SEAL:]
    return (body, seal.hex()) if hashlib.sha256(body).digest() == seal else None
