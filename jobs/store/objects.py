"""Contents by name, in a folder or in a bucket: photographs, what scans have gathered, and whatever else is shared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from featurelens.jobs.store.last_used import COUNTS_FOR


class Objects(Protocol):
    """Each content is whole or not there. Names are ours: letters, digits, dots and dashes, slashes between them.

    Every method raises OSError where a folder does not do it, and `StoreUnavailable` where a bucket does not.
    """

    def read(self, name: str) -> bytes | None:
        """The content; None where there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Replaces what there is, or makes it."""

    def create(self, name: str, content: bytes) -> bool:
        """Makes it; False when it is there already. Of several at once one wins."""

    def rename(self, name: str, to: str) -> bool:
        """Replaces `to`; False where there is no `name`."""

    def delete(self, name: str) -> None:
        """It need not be there."""

    def used(self, name: str, counts_for: float = COUNTS_FOR) -> None:
        """Marks it as used now, unless it was within `counts_for` seconds, for whoever clears away what is unused."""

    def ages(self) -> Iterator[tuple[str, float]]:
        """Every name, and how many seconds ago it was written or marked as used."""

    def there(self) -> bool:
        """Whether there is such a folder or bucket at all."""

    def takes(self) -> str | None:
        """Why nothing can be put there, in words, after a trial; None: something can."""
