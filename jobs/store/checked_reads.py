"""Reads common to all result stores: images and files are checked against the digests in ``result.json``.

Each is checked once for as long as it stays as it is: by its time and size, or its tag in a bucket.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.store.remembered import Remembered
from featurelens.jobs.store.result import File, Result, unsealed

RESULT = "result.json"


def image_name(index: int) -> str:
    return f"image-{index}.png"


def file_name(name: str) -> str:
    """Where the file `name` of a result is kept: beside the others, whatever it is called."""
    return f"file-{name}"


RESULTS_BYTES = 16 << 20
"""Of ``result.json``, as text, of results that were read last and are kept in memory."""


def digests(result: Result) -> dict[str, str]:
    """Those of all its images and files, by the names under which these are kept."""
    images = {image_name(index): image.sha256 for index, image in enumerate(result.images)}
    return images | {file_name(file.name): file.sha256 for file in result.files}


_WHOLE_BYTES = 4 << 20
_WHOLE = 512
"""Bytes that it takes to know of one file that it is whole, and of all of them."""


class CheckedReads(ABC):
    """Reads of a store with a folder per key that holds ``result.json``, ``image-0.png``, ..., ``file-...``."""

    def __init__(self) -> None:
        self._whole = Remembered[str](_WHOLE_BYTES)
        """The digests of files that were found whole, by key and name like all that is remembered."""
        self._results = Remembered[Result](RESULTS_BYTES)

    def get_all(self, keys: Sequence[str]) -> dict[str, Result | OtherVersion]:
        return {key: found for key in keys if (found := self._found(key)) is not None}

    def get(self, key: str) -> Result | None:
        result = self._result(key)
        if result is None:
            return None
        return result if all(self._is_whole(key, name, digest) for name, digest in digests(result).items()) else None

    def image(self, key: str, index: int = 0) -> tuple[bytes, str] | None:
        result = self._result(key)
        if result is None or not 0 <= index < len(result.images):
            return None
        digest = result.images[index].sha256
        png = self._checked(key, image_name(index), digest)
        return None if png is None else (png, digest)

    def file(self, key: str, name: str) -> tuple[bytes, str] | None:
        file = self._file(key, name)
        content = None if file is None else self._checked(key, file_name(name), file.sha256)
        return None if file is None or content is None else (content, file.sha256)

    def file_part(self, key: str, name: str, start: int, length: int) -> bytes | None:
        file = self._file(key, name)
        if (
            file is None
            or not 0 <= start <= start + length <= file.bytes
            or not self._is_whole(key, file_name(name), file.sha256)
        ):
            return None
        part = self._read_part(key, file_name(name), start, length)
        return part if part is not None and len(part) == length else None

    def _found(self, key: str) -> Result | OtherVersion | None:
        try:
            return self.get(key)
        except OtherVersion as error:
            return error

    @abstractmethod
    def _read(self, key: str, name: str) -> bytes | None:
        """The file `name` in the folder of `key`; None when there is none."""

    @abstractmethod
    def _read_part(self, key: str, name: str, start: int, length: int) -> bytes | None:
        """Some bytes of it, fewer where it ends before."""

    @abstractmethod
    def _sha256(self, key: str, name: str) -> str | None:
        """The digest of its contents in hex, without holding them all in memory."""

    @abstractmethod
    def _state(self, key: str, name: str) -> Hashable:
        """The same as long as its contents are the same; None when there is none."""

    def _understood(self, key: str) -> Result | None:
        """For lists of all there are: None for what is missing, damaged, or of another version. Remembers nothing."""
        content = self._read(key, RESULT)
        try:
            return None if content is None else unsealed(content, key)
        except OtherVersion:
            return None

    def _result(self, key: str) -> Result | None:
        state = self._state(key, RESULT)
        known = None if state is None else self._results.get(key, state)
        if state is None or known is not None:
            return known
        content = self._read(key, RESULT)
        result = None if content is None else unsealed(content, key)
        if content is not None and result is not None:
            self._results.keep(key, state, result, len(content))
        return result

    def _file(self, key: str, name: str) -> File | None:
        result = self._result(key)
        return None if result is None else result.file(name)

    def _is_whole(self, key: str, name: str, digest: str) -> bool:
        state = self._state(key, name)
        if state is None:
            return False
        if self._whole.get((key, name), state) == digest:
            return True
        whole = self._sha256(key, name) == digest
        if whole:
            self._whole.keep((key, name), state, digest, _WHOLE)
        return whole

    def _checked(self, key: str, name: str, digest: str) -> bytes | None:
        """The contents, read and checked anew."""
        content = self._read(key, name)
        if content is not None and hashlib.sha256(content).hexdigest() == digest:
            return content
        self._whole.forget((key, name))
        return None
