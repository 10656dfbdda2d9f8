"""Reads common to all result stores: images and files are checked against the digests in ``result.json``."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.store.result import File, Result, unsealed

RESULT = "result.json"


def image_name(index: int) -> str:
    return f"image-{index}.png"


def file_name(name: str) -> str:
    """Where the file `name` of a result is kept: beside the others, whatever it is called."""
    return f"file-{name}"


_REMEMBERED = 4096
"""Files that a process knows to be whole; then it starts again."""


class CheckedReads(ABC):
    """Reads of a store with a folder per key that holds ``result.json``, ``image-0.png``, ..., ``file-...``."""

    def __init__(self) -> None:
        self._whole: dict[tuple[str, str], tuple[Hashable, str]] = {}
        """By key and name: the state and the digest of files that were found whole."""

    def get_all(self, keys: Sequence[str]) -> dict[str, Result | OtherVersion]:
        return {key: found for key in keys if (found := self._found(key)) is not None}

    def get(self, key: str) -> Result | None:
        result = self._result(key)
        if result is None or any(self._png(result, index) is None for index in range(len(result.images))):
            return None
        return result if all(self._is_whole(key, file) for file in result.files) else None

    def image(self, key: str, index: int = 0) -> tuple[bytes, str] | None:
        result = self._result(key)
        if result is None or not 0 <= index < len(result.images):
            return None
        png = self._png(result, index)
        return None if png is None else (png, result.images[index].sha256)

    def file(self, key: str, name: str) -> tuple[bytes, str] | None:
        file = self._file(key, name)
        content = None if file is None else self._read(key, file_name(name))
        if file is None or content is None:
            return None
        if hashlib.sha256(content).hexdigest() != file.sha256:
            self._whole.pop((key, name), None)
            return None
        return content, file.sha256

    def file_part(self, key: str, name: str, start: int, length: int) -> bytes | None:
        file = self._file(key, name)
        if file is None or not 0 <= start <= start + length <= file.bytes or not self._is_whole(key, file):
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
        """For lists: None for what is missing, damaged, or of another version."""
        try:
            return self._result(key)
        except OtherVersion:
            return None

    def _result(self, key: str) -> Result | None:
        content = self._read(key, RESULT)
        return None if content is None else unsealed(content, key)

    def _file(self, key: str, name: str) -> File | None:
        result = self._result(key)
        return None if result is None else next((file for file in result.files if file.name == name), None)

    def _is_whole(self, key: str, file: File) -> bool:
        state = self._state(key, file_name(file.name))
        if state is None:
            return False
        if self._whole.get((key, file.name)) == (state, file.sha256):
            return True
        whole = self._sha256(key, file_name(file.name)) == file.sha256
        if whole:
            if len(self._whole) >= _REMEMBERED:
                self._whole.clear()
            self._whole[key, file.name] = state, file.sha256
        return whole

    def _png(self, result: Result, index: int) -> bytes | None:
        png = self._read(result.key, image_name(index))
        return png if png is not None and hashlib.sha256(png).hexdigest() == result.images[index].sha256 else None
