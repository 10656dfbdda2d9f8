"""What is known of a job or a sweep that was asked for; `Job`, `Sweep` and their twins do something with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from featurelens.client.operations import Operations, path_of
from featurelens.client.progress import Progress
from featurelens.client.results import address
from featurelens.jobs import addresses


class _Facts:
    """`data` is the resource at `path`, as it was last told."""

    def __init__(self, data: Mapping[str, Any], operations: Operations, path: str) -> None:
        self.data = data
        self._operations = operations
        self._path = path

    @property
    def url(self) -> str:
        return self._operations.absolute(self._path)

    @property
    def params(self) -> dict[str, Any]:
        """The full specification, every default filled in; of a sweep, that of the first picture."""
        return dict(self.data["spec"])

    @property
    def status(self) -> str:
        """queued, running, cancelling, succeeded, failed or cancelled; of a sweep underway, ..., or finished."""
        return str(self.data["status"])


class JobFacts(_Facts):
    """Of a job."""

    def __init__(self, data: Mapping[str, Any], operations: Operations) -> None:
        super().__init__(data, operations, path_of(data["key"]))

    @property
    def key(self) -> str:
        return str(self.data["key"])

    @property
    def progress(self) -> Progress:
        return Progress.of(self.data)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key[:12]} {address(self.params)}: {self.status}>"


class SweepFacts(_Facts):
    """Of many pictures that were asked for together."""

    def __init__(self, data: Mapping[str, Any], operations: Operations) -> None:
        super().__init__(data, operations, addresses.sweep(data["id"]))

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def total(self) -> int:
        """Pictures."""
        return int(self.data["total"])

    @property
    def counts(self) -> dict[str, int]:
        """How many pictures are in which status."""
        return dict(self.data["counts"])

    def __repr__(self) -> str:
        done = self.counts.get("succeeded", 0)
        return f"<{type(self).__name__} {self.id[:14]} {address(self.params)}: {self.status}, {done} of {self.total}>"
