"""Reads common to all result stores: images are checked against the digests in ``result.json``."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.store.result import Result, unsealed

RESULT = "result.json"


def image_name(index: int) -> str:
    return f"image-{index}.png"


class CheckedReads(ABC):
    """Reads of a store with a folder per key that holds ``result.json``, ``image-0.png``, ..."""

    def get_all(self, keys: Sequence[str]) -> dict[str, Result | OtherVersion]:
        return {key: found for key in keys if (found := self._found(key)) is not None}

    def get(self, key: str) -> Result | None:
        result = self._result(key)
        if result is None or any(self._png(result, index) is None for index in range(len(result.images))):
            return None
        return result

    def image(self, key: str, index: int = 0) -> tuple[bytes, str] | None:
        result = self._result(key)
        if result is None or not 0 <= index < len(result.images):
            return None
        png = self._png(result, index)
        return None if png is None else (png, result.images[index].sha256)

    def _found(self, key: str) -> Result | OtherVersion | None:
        try:
            return self.get(key)
        except OtherVersion as error:
            return error

    @abstractmethod
    def _read(self, key: str, name: str) -> bytes | None:
        """The file `name` in the folder of `key`; None when there is none."""

    def _understood(self, key: str) -> Result | None:
        """For lists: None for what is missing, damaged, or of another version."""
        try:
            return self._result(key)
        except OtherVersion:
            return None

    def _result(self, key: str) -> Result | None:
        content = self._read(key, RESULT)
        return None if content is None else unsealed(content, key)

    def _png(self, result: Result, index: int) -> bytes | None:
        png = self._read(result.key, image_name(index))
        return png if png is not None and hashlib.sha256(png).hexdigest() == result.images[index].sha256 else None
