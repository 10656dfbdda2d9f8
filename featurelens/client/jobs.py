"""What was asked for, to be waited for, watched or stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

from featurelens.client.bars import Wanted, reporting
from featurelens.client.driver import Driver
from featurelens.client.facts import JobFacts, SweepFacts
from featurelens.client.operations import Operations
from featurelens.client.progress import Progress
from featurelens.client.results import Visualization, address
from featurelens.jobs.errors import FeaturelensError


class Job(JobFacts):
    """One job of any kind."""

    def __init__(self, data: Mapping[str, Any], operations: Operations, driver: Driver) -> None:
        super().__init__(data, operations)
        self._driver = driver

    def wait(self, timeout: float | None = None, progress: Wanted = None) -> Any:
        """The result: a `Visualization`, `Activations`, an `Attribution`, or a `Result` of another kind.

        Raises `TimedOut` after `timeout` seconds (the job goes on), `Cancelled`, or what it failed with.
        """
        with reporting(progress, address(self.params)) as report:
            return self._driver.run(self._operations.finished(self._path, self.data, timeout, report))

    def events(self, timeout: float | None = None) -> Iterator[Progress]:
        """Each `Progress` as it comes. Raises at the end what `wait` raises."""
        return self._driver.emitted(self._operations.ended(self._path, timeout, None))

    def refresh(self) -> Self:
        """Asks how far it is."""
        self.data = self._driver.run(self._operations.job(self.key))
        return self

    def cancel(self) -> Self:
        """Takes this request back: it is stopped, unless others wait for it. Raises `AlreadyOver`."""
        self.data = self._driver.run(self._operations.leave(self._path))
        return self


class Sweep(SweepFacts):
    """A picture for each of many channels."""

    def __init__(self, data: Mapping[str, Any], operations: Operations, driver: Driver) -> None:
        super().__init__(data, operations)
        self._driver = driver

    def wait(self, timeout: float | None = None, progress: Wanted = None) -> Self:
        """Returns once no picture is left to be made; `counts` says how many failed. Raises `TimedOut`."""
        with reporting(progress, address(self.params)) as report:
            self.data = self._driver.run(self._operations.sweep_over(self._path, timeout, report))
        return self

    def items(self) -> list[dict[str, Any]]:
        """Key, channel, sign, seed and status of each picture, in their order."""
        return self._driver.run(self._operations.sweep_items(self.id))

    def pictures(self) -> Iterator[Visualization]:
        """Those that are finished, in their order, each fetched when it is its turn."""
        return self._driver.emitted(self._operations.sweep_pictures(self.id))

    def as_finished(
        self, timeout: float | None = None, progress: Wanted = None
    ) -> Iterator[tuple[dict[str, Any], Visualization | FeaturelensError]]:
        """Each picture as soon as it has ended, with what `items` says of it; in place of one there is not, why.

        Raises `TimedOut`.
        """
        with reporting(progress, address(self.params)) as report:
            yield from self._driver.emitted(self._operations.sweep_as_finished(self.id, timeout, report))

    def sheet(self) -> bytes:
        """All pictures on one PNG. Raises `NotReady` until the sweep is over."""
        return self._driver.run(self._operations.sweep_sheet(self.id))

    def refresh(self) -> Self:
        """Asks how far it is."""
        self.data = self._driver.run(self._operations.sweep(self.id))
        return self

    def cancel(self) -> Self:
        """Leaves every picture that is not finished. Raises `AlreadyOver`."""
        self.data = self._driver.run(self._operations.leave(self._path))
        return self
