"""The result store in an S3-compatible bucket: the guarantees of a folder, for services on several machines.

An object is written whole or not at all. Images and files are written first and ``result.json``, which names their
digests, last: without it there is no result. Nothing is evicted here; a bucket has lifecycle rules of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from featurelens.jobs.errors import NotStored, OtherVersion, StoreUnavailable
from featurelens.jobs.kinds.base import KEY_PATTERN
from featurelens.jobs.store.checked_reads import RESULT, CheckedReads, file_name, image_name
from featurelens.jobs.store.result import Result, sealed

PATIENCE = 10.0
"""Seconds a request waits for a bucket that does not answer."""

_NOTHING = "is-this-bucket-there"
"""An object that nobody has stored."""

_TRIAL = "can-be-written"
"""An object that is put there and deleted, to see whether that can be done."""

_AT_ONCE = 16
"""Results read concurrently: a bucket has a long latency, not a small capacity."""

Read = TypeVar("Read")


class BucketStore(CheckedReads):
    """`address` is ``s3://bucket/prefix``; `endpoint` where it is not Amazon's. Credentials come from ``AWS_*``.

    A request that fails is repeated for `patience` seconds.
    """

    def __init__(self, address: str, endpoint: str | None = None, patience: float = PATIENCE) -> None:
        super().__init__()
        place = urlsplit(address)
        self._store = S3Store(
            place.netloc,
            prefix=place.path.strip("/") or None,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True, "timeout": f"{PATIENCE:.0f}s", "connect_timeout": "5s"},
            retry_config={
                "max_retries": 2 if patience <= PATIENCE else 20,
                "retry_timeout": timedelta(seconds=patience),
            },
            config={"endpoint": endpoint} if endpoint else {},
        )

    def there(self) -> bool:
        """Whether there is such a bucket. Raises `StoreUnavailable` when it does not answer, or not to us."""
        try:
            obstore.get(self._store, _NOTHING)
        except FileNotFoundError as error:  # the object or the bucket: only S3's own code tells
            return "NoSuchBucket" not in str(error)
        except BaseError as error:
            raise _unavailable(error) from error
        return True

    def takes(self) -> str | None:
        """Why nothing can be put into the bucket; None: something can. Raises `StoreUnavailable` when it is silent."""
        try:
            obstore.put(self._store, _TRIAL, b"")
            obstore.delete(self._store, _TRIAL)
        except (PermissionDeniedError, UnauthenticatedError) as error:
            return type(error).__name__
        except BaseError as error:
            raise _unavailable(error) from error
        return None

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
        """As `ResultStore.put`. Raises `NotStored` when the bucket does not accept it."""
        folder = _folder(result.key)
        try:
            if self.get(result.key) is not None:
                return
            for index, png in enumerate(images):
                obstore.put(self._store, f"{folder}/{image_name(index)}", png)
            for file, content in zip(result.files, files, strict=True):
                obstore.put(self._store, f"{folder}/{file_name(file.name)}", content)
            obstore.put(self._store, f"{folder}/{RESULT}", sealed(result))
        except (BaseError, FileNotFoundError, StoreUnavailable) as error:  # not found: there is no such bucket
            raise NotStored(f"the picture was made, but the bucket did not take it ({type(error).__name__})") from error

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
            raise _unavailable(error) from error
        return True

    def results(self, prefix: str = "") -> Iterator[Result]:
        try:
            for batch in obstore.list(self._store):
                for entry in batch:
                    *_, key, name = entry["path"].split("/")
                    wanted = name == RESULT and key.startswith(prefix) and KEY_PATTERN.fullmatch(key)
                    result = self._understood(key) if wanted else None
                    if result is not None:
                        yield result
        except BaseError as error:
            raise _unavailable(error) from error

    def _read(self, key: str, name: str) -> bytes | None:
        return _unless_missing(lambda: bytes(obstore.get(self._store, f"{_folder(key)}/{name}").bytes()))

    def _read_part(self, key: str, name: str, start: int, length: int) -> bytes | None:
        path = f"{_folder(key)}/{name}"
        return _unless_missing(lambda: bytes(obstore.get_range(self._store, path, start=start, length=length)))

    def _sha256(self, key: str, name: str) -> str | None:
        digest = hashlib.sha256()

        def read() -> str:
            for chunk in obstore.get(self._store, f"{_folder(key)}/{name}").stream():
                digest.update(chunk)
            return digest.hexdigest()

        return _unless_missing(read)

    def _state(self, key: str, name: str) -> Hashable:
        found = _unless_missing(lambda: obstore.head(self._store, f"{_folder(key)}/{name}"))
        return None if found is None else (found["e_tag"], found["size"], found["last_modified"])


def _unless_missing(read: Callable[[], Read]) -> Read | None:
    """None where there is no such object. Raises `StoreUnavailable` when the bucket does not answer."""
    try:
        return read()
    except FileNotFoundError:
        return None
    except BaseError as error:
        raise _unavailable(error) from error


def _folder(key: str) -> str:
    if not KEY_PATTERN.fullmatch(key):
        raise ValueError(f"no key: {key!r}")
    return f"{key[4:6]}/{key}"


def _unavailable(error: BaseError) -> StoreUnavailable:
    """`error` as a client may see it: without address and credentials."""
    return StoreUnavailable(f"the result store does not answer ({type(error).__name__})")
