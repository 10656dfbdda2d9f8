"""Objects of an S3-compatible bucket. Nothing is evicted here; a bucket has lifecycle rules of its own.

Never import this in a process that forks: the library has threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotSupportedError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from featurelens.jobs.errors import StoreUnavailable
from featurelens.jobs.store.last_used import COUNTS_FOR

PATIENCE = 10.0
"""Seconds a request waits for a bucket that does not answer."""

RENEWED_AFTER = 24 * 3600.0
"""Seconds after which what is used is written anew: rules of a bucket go by when that was last done."""

_NOTHING = "is-this-bucket-there"
"""An object that nobody has stored."""

_TRIAL = "can-be-written"
"""An object that is put there and deleted, to see whether that can be done."""

Answer = TypeVar("Answer")


class Bucket:
    """Implements `Objects`. `address` is ``s3://bucket/prefix``; `endpoint` where it is not Amazon's.

    Credentials come from ``AWS_*``. A request that fails is repeated for `patience` seconds.
    """

    def __init__(self, address: str, endpoint: str | None = None, patience: float = PATIENCE) -> None:
        place = urlsplit(address)
        self.objects = S3Store(
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

    def read(self, name: str) -> bytes | None:
        return unless_missing(lambda: bytes(obstore.get(self.objects, name).bytes()))

    def write(self, name: str, content: bytes) -> None:
        answered(lambda: obstore.put(self.objects, name, content))

    def create(self, name: str, content: bytes) -> bool:
        """As `put_new`."""
        return answered(lambda: put_new(self.objects, name, content))

    def rename(self, name: str, to: str) -> bool:
        def move() -> bool:
            obstore.rename(self.objects, name, to)
            return True

        return unless_missing(move) or False

    def delete(self, name: str) -> None:
        unless_missing(lambda: obstore.delete(self.objects, name))

    def used(self, name: str, counts_for: float = COUNTS_FOR) -> None:
        """Writes it anew once a day, so that a rule clears away what nobody has used for some days."""
        found = unless_missing(lambda: obstore.head(self.objects, name))
        if found is not None and _age(found["last_modified"]) > max(counts_for, RENEWED_AFTER):
            content = self.read(name)
            if content is not None:
                self.write(name, content)

    def ages(self) -> Iterator[tuple[str, float]]:
        try:
            for batch in obstore.list(self.objects):
                yield from ((entry["path"], _age(entry["last_modified"])) for entry in batch)
        except BaseError as error:
            raise unavailable(error) from error

    def there(self) -> bool:
        """Raises `StoreUnavailable` when it does not answer, or not to us."""
        try:
            obstore.get(self.objects, _NOTHING)
        except FileNotFoundError as error:  # the object or the bucket: only S3's own code tells
            return "NoSuchBucket" not in str(error)
        except BaseError as error:
            raise unavailable(error) from error
        return True

    def takes(self) -> str | None:
        """Raises `StoreUnavailable` when it is silent."""
        try:
            obstore.put(self.objects, _TRIAL, b"")
            obstore.delete(self.objects, _TRIAL)
        except (PermissionDeniedError, UnauthenticatedError) as error:
            return type(error).__name__
        except BaseError as error:
            raise unavailable(error) from error
        return None


def put_new(objects: S3Store, name: str, content: bytes | memoryview) -> bool:
    """False where there is such an object already. Raises what obstore does, or `StoreUnavailable`.

    Where a bucket knows no conditions, of several at once the last one wins.
    """
    try:
        obstore.put(objects, name, content, mode="create")
    except (AlreadyExistsError, PreconditionError):
        return False
    except (NotSupportedError, NotImplementedError):
        if unless_missing(lambda: obstore.head(objects, name)) is not None:
            return False
        obstore.put(objects, name, content)
    return True


def answered(ask: Callable[[], Answer]) -> Answer:
    """What `ask` returns. Raises `StoreUnavailable` when the bucket does not do it, or is not there."""
    try:
        return ask()
    except (BaseError, FileNotFoundError) as error:
        raise unavailable(error) from error


def unless_missing(ask: Callable[[], Answer]) -> Answer | None:
    """The same, but None where there is no such object."""
    try:
        return ask()
    except FileNotFoundError:
        return None
    except BaseError as error:
        raise unavailable(error) from error


def unavailable(error: Exception) -> StoreUnavailable:
    """`error` as a client may see it: without address and credentials."""
    return StoreUnavailable(f"the result store does not answer ({type(error).__name__})")


def _age(modified: datetime) -> float:
    return (datetime.now(UTC) - modified).total_seconds()
