"""What is known of a job or a sweep that was asked for; `Job`, `Sweep` and their twins do something with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from featurelens.client.operations import Operations, path_of
from featurelens.client.progress import Progress
from featurelens.client.results import address
from featurelens.jobs import addresses


class JobFacts:
    """`data` is its resource, as it was last told."""

    def __init__(self, data: Mapping[str, Any], operations: Operations) -> None:
        self.data = data
        self._operations = operations
        self._path = path_of(self.key)

    @property
    def key(self) -> str:
        return str(self.data["key"])

    @property
    def url(self) -> str:
        return self._operations.absolute(self._path)

    @property
    def status(self) -> str:
        """queued, running, cancelling, succeeded, failed or cancelled."""
        return str(self.data["status"])

    @property
    def progress(self) -> Progress:
        return Progress.of(self.data)

    @property
    def params(self) -> dict[str, Any]:
        """The full specification, every default filled in."""
        return dict(self.data["spec"])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key[:12]} {address(self.data['spec'])}: {self.status}>"


class SweepFacts:
    """The same of many pictures that were asked for together."""

    def __init__(self, data: Mapping[str, Any], operations: Operations) -> None:
        self.data = data
        self._operations = operations
        self._path = addresses.sweep(self.id)

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def url(self) -> str:
        return self._operations.absolute(self._path)

    @property
    def status(self) -> str:
        """underway, cancelling, cancelled or finished."""
        return str(self.data["status"])

    @property
    def total(self) -> int:
        """Pictures."""
        return int(self.data["total"])

    @property
    def counts(self) -> dict[str, int]:
        """How many pictures are in which status."""
        return dict(self.data["counts"])

    @property
    def params(self) -> dict[str, Any]:
        """The full specification of the first picture."""
        return dict(self.data["spec"])

    def __repr__(self) -> str:
        done = self.counts.get("succeeded", 0)
        return f"<{type(self).__name__} {self.id[:14]} {address(self.params)}: {self.status}, {done} of {self.total}>"
