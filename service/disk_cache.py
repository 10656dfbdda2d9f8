"""Files that are made from others once and kept: each under a name that says all that decides it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from featurelens.jobs import atomic_file
from featurelens.jobs.errors import StoreUnavailable
from featurelens.jobs.logs import logger
from featurelens.jobs.store.last_used import touch
from featurelens.jobs.store.objects import Objects

_SEAL = hashlib.sha256().digest_size


class DiskCache:
    """The folder may be deleted at any time. A damaged file is made again, and what cannot be kept is served.

    `shared` is what other machines look into as well; the folder is then this one's alone, in front of it.
    """

    def __init__(self, folder: Path, shared: Objects | None = None) -> None:
        self._folder = folder
        self._shared = shared

    def get(self, name: str, make: Callable[[], bytes]) -> tuple[bytes, str]:
        """The bytes named `name`, made now if they are not there, and their sha256 in hex."""
        cached = self.find(name)
        if cached is not None:
            return cached
        body = make()
        content = hashlib.sha256(body).digest() + body
        self._keep(name, content)
        try:
            if self._shared is not None:
                self._shared.write(name, content)
        except (OSError, StoreUnavailable) as error:
            logger().warning("not shared", name=name, reason=str(error))
        return body, hashlib.sha256(body).hexdigest()

    def find(self, name: str) -> tuple[bytes, str] | None:
        """The same if it has been made, else None."""
        cached = _read(self._path(name))
        if cached is not None:
            touch(self._path(name))
        return self._found_elsewhere(name) if cached is None else cached

    def _found_elsewhere(self, name: str) -> tuple[bytes, str] | None:
        try:
            content = None if self._shared is None else self._shared.read(name)
        except (OSError, StoreUnavailable) as error:
            logger().warning("not read", name=name, reason=str(error))
            return None
        found = None if content is None else _opened(content)
        if found is not None and content is not None:
            self._keep(name, content)
        return found

    def _keep(self, name: str, content: bytes) -> None:
        try:
            atomic_file.write(self._path(name), content, durable=False)
        except OSError as error:
            logger().warning("not kept", name=name, reason=error.strerror)

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
    return _opened(content)


def _opened(content: bytes) -> tuple[bytes, str] | None:
    """What is sealed by its digest; None when it is damaged."""
    seal, body = content[:_SEAL], content[_SEAL:]
    return (body, seal.hex()) if hashlib.sha256(body).digest() == seal else None
