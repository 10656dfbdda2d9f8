"""The store of results, by key. It is authoritative: a job whose key is found here has succeeded."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Protocol

from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.store.result import Result


class ResultStore(Protocol):
    """Results by key. A damaged one counts as missing: it is made again, never served.

    One that another version has written and this one does not understand is kept: reading it raises `OtherVersion`.
    """

    def get(self, key: str) -> Result | None:
        """The result of `key`, its images and files checked against their digests."""

    def get_all(self, keys: Sequence[str]) -> dict[str, Result | OtherVersion]:
        """The same for many; those missing are left out, and one that is not understood spoils none of the others."""

    def image(self, key: str, index: int = 0) -> tuple[bytes, str] | None:
        """The bytes of image `index`, checked, and their sha256 in hex."""

    def file(self, key: str, name: str) -> tuple[bytes, str] | None:
        """The contents of the file `name`, checked, and their sha256 in hex."""

    def file_part(self, key: str, name: str, start: int, length: int) -> bytes | None:
        """`length` bytes of a file from `start`, for what is too large to be read whole each time.

        The whole is checked once as long as it stays as it is: by its time and size, or its tag in a bucket. None where
        it does not reach as far.
        """

    def version(self, key: str) -> Hashable:
        """Another one whenever the result or one of its images and files is; told at once, without reading any.

        None: there is no result, it has not been read lately, or this store cannot tell.
        """

    def used(self, key: str) -> None:
        """Marks the result as used now, for a store from which what is not used is evicted."""

    def put(self, result: Result, images: Sequence[bytes], files: Sequence[bytes | memoryview] = ()) -> None:
        """Stores all or nothing; replaces a damaged result, keeps an intact one."""

    def check_writable(self) -> None:
        """Raises the OSError for which nothing can be stored, as far as that is known at once."""

    def delete(self, key: str) -> bool:
        """Deletes the result; returns whether there was one."""

    def results(self, prefix: str = "") -> Iterator[Result]:
        """All results that can be read and understood, in no order; their images and files are not checked.

        `prefix`: only those whose keys begin so, which takes little longer than to read them alone.
        """
