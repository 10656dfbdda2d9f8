"""Uploaded photographs: made plain PNG (`jobs.store.photo_decoding`), and named by the digest of that PNG."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

from featurelens.jobs import addresses
from featurelens.jobs.errors import Fault, UnknownPhoto
from featurelens.jobs.store.last_used import COUNTS_FOR
from featurelens.jobs.store.objects import Objects
from featurelens.jobs.store.photo_decoding import normalized


class PhotoReader(Protocol):
    """What jobs read their photographs from."""

    def get(self, digest: str) -> bytes:
        """The PNG. Raises `UnknownPhoto`."""


class Photos:
    """PNG, each named by its sha256; a damaged one counts as missing.

    `normalize` makes such a PNG of an upload. What only `former` has, where they were kept before, moves on when used.
    """

    def __init__(
        self, objects: Objects, normalize: Callable[[bytes], bytes] = normalized, former: Objects | None = None
    ) -> None:
        self._objects = objects
        self._normalize = normalize
        self._former = former

    def add(self, upload: bytes) -> str:
        """Stores a photograph and returns its name, ``sha256:...``. Raises `InvalidSpec` for an unacceptable one."""
        png = self._normalize(upload)
        digest = hashlib.sha256(png).hexdigest()
        self._objects.write(_name(digest), png)
        return f"sha256:{digest}"

    def get(self, digest: str, pointer: str = "") -> bytes:
        """The PNG. Raises `UnknownPhoto`, at `pointer`, unless `digest` has the form of one and is there."""
        return self._used(digest, pointer, COUNTS_FOR)

    def claim(self, digest: str, pointer: str = "") -> None:
        """The same check before a job is accepted; the photograph has then been used just now, not within an hour."""
        self._used(digest, pointer, 0)

    def _used(self, digest: str, pointer: str, counts_for: float) -> bytes:
        name = digest.removeprefix("sha256:")
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise UnknownPhoto("a photograph is named by sha256: and 64 hex digits")
        png = _whole(self._objects, name)
        if png is not None:
            self._objects.used(_name(name), counts_for)
            return png
        png = None if self._former is None else _whole(self._former, name)
        if png is None:
            detail = f"there is no photograph {digest}; POST it to {addresses.PHOTOS} first"
            raise UnknownPhoto(detail, (Fault(pointer, detail),))
        self._objects.write(_name(name), png)
        return png


def _name(digest: str) -> str:
    return f"{digest}.png"


def _whole(objects: Objects, digest: str) -> bytes | None:
    png = objects.read(_name(digest))
    return png if png is not None and hashlib.sha256(png).hexdigest() == digest else None
