"""The result store in an S3-compatible bucket: the guarantees of a folder, for services on several machines.

An object is written whole or not at all. Images and files are written first and ``result.json``, which names their
digests, last: without it there is no result. Nothing is evicted here; a bucket has lifecycle rules of its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from featurelens.jobs.errors import NotStored, OtherVersion
from featurelens.jobs.kinds.base import KEY_PATTERN
from featurelens.jobs.store.bucket import PATIENCE, Bucket, put_new, unavailable, unless_missing
from featurelens.jobs.store.checked_reads import RESULT, CheckedReads, file_name, image_name
from featurelens.jobs.store.result import Result, sealed

_AT_ONCE = 16
"""Results read concurrently: a bucket has a long latency, not a small capacity."""

_SHARD = re.compile("[0-9a-f]{2}")
"""What results lie below; whatever else is shared lies beside."""


class BucketStore(CheckedReads):
    """Of what lies in the bucket results alone; the arguments are those of `Bucket`."""

    def __init__(self, address: str, endpoint: str | None = None, patience: float = PATIENCE) -> None:
        super().__init__()
        self._bucket = Bucket(address, endpoint, patience)
        self._store = self._bucket.objects

    def get_all(self, keys: Sequence[str]) -> dict[str, Result | OtherVersion]:
        if len(keys) < 2:
            return super().get_all(keys)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = zip(keys, pool.map(self._found, keys), strict=True)
            return {key: result for key, result in found if result is not None}

    def version(self, key: str) -> Hashable:
        """A bucket tells nothing at once."""
        return None

    def used(self, key: str) -> None:
        """Nothing is evicted here."""

    def put(self, result: Result, images: Sequence[bytes], files: Sequence[bytes | memoryview] = ()) -> None:
        """As `ResultStore.put`, also when another machine has put it since this began, as one that was cut off finds.

        Raises `NotStored` when the bucket does not accept it, `StoreUnavailable` when it is silent: try again then.
        """
        contents: dict[str, bytes | memoryview] = {image_name(index): png for index, png in enumerate(images)}
        contents |= {file_name(file.name): content for file, content in zip(result.files, files, strict=True)}
        try:
            if self.get(result.key) is not None:
                return
            for name, content in {**contents, RESULT: sealed(result)}.items():
                path = f"{_folder(result.key)}/{name}"
                if not put_new(self._store, path, content):
                    if self.get(result.key) is not None:
                        return
                    obstore.put(self._store, path, content)  # what is there is of one that was given up
        except (PermissionDeniedError, UnauthenticatedError, FileNotFoundError) as error:  # the last: no such bucket
            raise NotStored(f"the picture was made, but the bucket did not take it ({type(error).__name__})") from error
        except BaseError as error:
            raise unavailable(error) from error

    def check_writable(self) -> None:
        """What a bucket takes is seen when it is given."""

    def delete(self, key: str) -> bool:
        result = self._read(key, RESULT)
        if result is None:
            return False
        try:
            obstore.delete(self._store, f"{_folder(key)}/{RESULT}")
            rest = [entry["path"] for entry in obstore.list(self._store, prefix=_folder(key)).collect()]
            if rest:
                obstore.delete(self._store, rest)
        except FileNotFoundError:
            return False
        except BaseError as error:
            raise unavailable(error) from error
        return True

    def results(self, prefix: str = "") -> Iterator[Result]:
        try:
            beside = obstore.list_with_delimiter(self._store)["common_prefixes"]
            shards = [found for path in beside if _SHARD.fullmatch(found := path.rstrip("/").rpartition("/")[2])]
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                for paths in pool.map(self._paths, shards):
                    for path in paths:
                        *_, key, name = path.split("/")
                        wanted = name == RESULT and key.startswith(prefix) and KEY_PATTERN.fullmatch(key)
                        result = self._understood(key) if wanted else None
                        if result is not None:
                            yield result
        except BaseError as error:
            raise unavailable(error) from error

    def _paths(self, shard: str) -> list[str]:
        return [entry["path"] for entry in obstore.list(self._store, prefix=shard).collect()]

    def _read(self, key: str, name: str) -> bytes | None:
        return unless_missing(lambda: bytes(obstore.get(self._store, f"{_folder(key)}/{name}").bytes()))

    def _read_part(self, key: str, name: str, start: int, length: int) -> bytes | None:
        path = f"{_folder(key)}/{name}"
        return unless_missing(lambda: bytes(obstore.get_range(self._store, path, start=start, length=length)))

    def _sha256(self, key: str, name: str) -> str | None:
        digest = hashlib.sha256()

        def read() -> str:
            for chunk in obstore.get(self._store, f"{_folder(key)}/{name}").stream():
                digest.update(chunk)
            return digest.hexdigest()

        return unless_missing(read)

    def _state(self, key: str, name: str) -> Hashable:
        found = unless_missing(lambda: obstore.head(self._store, f"{_folder(key)}/{name}"))
        return None if found is None else (found["e_tag"], found["size"], found["last_modified"])


def _folder(key: str) -> str:
    if not KEY_PATTERN.fullmatch(key):
        raise ValueError(f"no key: {key!r}")
    return f"{key[4:6]}/{key}"
