"""What was asked for, to be awaited, watched or stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Self

from featurelens.client.async_driver import AsyncDriver
from featurelens.client.bars import Wanted, reporting
from featurelens.client.facts import JobFacts, SweepFacts
from featurelens.client.jobs import Job, Sweep
from featurelens.client.operations import Operations
from featurelens.client.progress import Progress
from featurelens.client.results import Visualization, address
from featurelens.client.twins import twin_of
from featurelens.jobs.errors import FeaturelensError


@twin_of(Job)
class AsyncJob(JobFacts):
    """The twin of `Job`: its methods are awaited."""

    def __init__(self, data: Mapping[str, Any], operations: Operations, driver: AsyncDriver) -> None:
        super().__init__(data, operations)
        self._driver = driver

    async def wait(self, timeout: float | None = None, progress: Wanted = None) -> Any:
        with reporting(progress, address(self.params)) as report:
            return await self._driver.run(self._operations.finished(self._path, self.data, timeout, report))

    def events(self, timeout: float | None = None) -> AsyncIterator[Progress]:
        return self._driver.emitted(self._operations.ended(self._path, timeout, None))

    async def refresh(self) -> Self:
        self.data = await self._driver.run(self._operations.job(self.key))
        return self

    async def cancel(self) -> Self:
        self.data = await self._driver.run(self._operations.leave(self._path))
        return self


@twin_of(Sweep)
class AsyncSweep(SweepFacts):
    """The twin of `Sweep`: its methods are awaited."""

    def __init__(self, data: Mapping[str, Any], operations: Operations, driver: AsyncDriver) -> None:
        super().__init__(data, operations)
        self._driver = driver

    async def wait(self, timeout: float | None = None, progress: Wanted = None) -> Self:
        with reporting(progress, address(self.params)) as report:
            self.data = await self._driver.run(self._operations.sweep_over(self._path, timeout, report))
        return self

    async def items(self) -> list[dict[str, Any]]:
        return await self._driver.run(self._operations.sweep_items(self.id))

    def pictures(self) -> AsyncIterator[Visualization]:
        return self._driver.emitted(self._operations.sweep_pictures(self.id))

    async def as_finished(
        self, timeout: float | None = None, progress: Wanted = None
    ) -> AsyncIterator[tuple[dict[str, Any], Visualization | FeaturelensError]]:
        with reporting(progress, address(self.params)) as report:
            async for one in self._driver.emitted(self._operations.sweep_as_finished(self.id, timeout, report)):
                yield one

    async def sheet(self) -> bytes:
        return await self._driver.run(self._operations.sweep_sheet(self.id))

    async def refresh(self) -> Self:
        self.data = await self._driver.run(self._operations.sweep(self.id))
        return self

    async def cancel(self) -> Self:
        self.data = await self._driver.run(self._operations.leave(self._path))
        return self
