"""The store of finished pictures, by key, for ever. What it holds is the truth: a key found here has succeeded."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from typing import Protocol

from featurelens.jobs.store.result import Result

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What a full disk says."""


class ResultStore(Protocol):
    """Finished pictures by key. A damaged result is a miss: it is made again, never served."""

    def get(self, key: str) -> Result | None: ...

    def get_all(self, keys: Sequence[str]) -> dict[str, Result]:
        """Those that are there."""

    def image(self, key: str, index: int = 0) -> tuple[bytes, str] | None:
        """The bytes of a PNG, checked, and their sha256 in hex."""

    def put(self, result: Result, images: Sequence[bytes]) -> None:
        """Publishes all or nothing; replaces a damaged result, leaves a good one."""

    def delete(self, key: str) -> bool:
        """Whether there was anything to delete."""

    def results(self) -> Iterator[Result]:
        """All that can be read, in no order; their images are not looked at."""
