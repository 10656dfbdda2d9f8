"""Uploaded photographs: made plain PNG (`jobs.store.photo_decoding`), and named by the digest of that PNG."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from featurelens.jobs import addresses, atomic_file
from featurelens.jobs.errors import Fault, UnknownPhoto
from featurelens.jobs.store.last_used import touch
from featurelens.jobs.store.photo_decoding import normalized


class Photos:
    """A folder of PNG files, each named by its sha256; a damaged one counts as missing.

    `normalize` makes such a PNG of an upload.
    """

    def __init__(self, folder: Path, normalize: Callable[[bytes], bytes] = normalized) -> None:
        self._folder = folder
        self._normalize = normalize

    def add(self, upload: bytes) -> str:
        """Stores a photograph and returns its name, ``sha256:...``. Raises `InvalidSpec` for an unacceptable one."""
        png = self._normalize(upload)
        digest = hashlib.sha256(png).hexdigest()
        atomic_file.write(self._folder / f"{digest}.png", png, durable=True)
        return f"sha256:{digest}"

    def get(self, digest: str, pointer: str = "") -> bytes:
        """The PNG. Raises `UnknownPhoto`, at `pointer`, unless `digest` has the form of one and is there."""
        name = digest.removeprefix("sha256:")
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise UnknownPhoto("a photograph is named by sha256: and 64 hex digits")
        path = self._folder / f"{name}.png"
        try:
            png = path.read_bytes()
        except FileNotFoundError:
            png = b""
        if hashlib.sha256(png).hexdigest() != name:
            detail = f"there is no photograph {digest}; POST it to {addresses.PHOTOS} first"
            raise UnknownPhoto(detail, (Fault(pointer, detail),))
        touch(path)
        return png

    def claim(self, digest: str, pointer: str = "") -> None:
        """The same check before a job is accepted; the photograph has then been used just now, not within an hour."""
        self.get(digest, pointer)
        touch(self._folder / f"{digest.removeprefix('sha256:')}.png", 0)
