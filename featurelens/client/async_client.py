"""The client whose answers are awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from featurelens.client.async_driver import AsyncClosing, AsyncDriver
from featurelens.client.async_jobs import AsyncJob, AsyncSweep
from featurelens.client.bars import Wanted, reporting
from featurelens.client.client import Client
from featurelens.client.connection import Connection
from featurelens.client.entries import Layer, Model, Unit
from featurelens.client.operations import specification
from featurelens.client.results import Activations, Attribution, Result, Visualization, address
from featurelens.client.studies import Studies
from featurelens.client.twins import twin_of
from featurelens.jobs import addresses

if TYPE_CHECKING:
    from featurelens.client.operations import Photo


@twin_of(Client)
class AsyncClient(AsyncClosing):
    """The twin of `Client`: its methods are awaited."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        patience: float = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        connection = Connection.to(url, key, timeout)
        self.url = connection.url
        self._driver = AsyncDriver(connection, transport)
        self._operations = Studies(connection.url, patience)

    async def visualize(
        self, unit: str | None = None, *, timeout: float | None = None, progress: Wanted = None, **spec: Any
    ) -> Visualization:
        asked = specification(unit, spec)
        with reporting(progress, unit or address({"model": "", **asked})) as report:
            return await self._driver.run(self._operations.visualize(asked, timeout, report))

    async def submit(self, unit: str | None = None, *, callback: str | None = None, **spec: Any) -> AsyncJob:
        asked = self._operations.submit(addresses.VISUALIZATIONS, specification(unit, spec), callback)
        return self._job(await self._driver.run(asked))

    async def sweep(
        self,
        place: str | None = None,
        channels: str | list[int] | None = None,
        *,
        callback: str | None = None,
        **spec: Any,
    ) -> AsyncSweep:
        asked = specification(place, {"channels": channels, **spec})
        told = await self._driver.run(self._operations.submit(addresses.SWEEPS, asked, callback))
        return AsyncSweep(told, self._operations, self._driver)

    async def activations(
        self, model: str, photo: Photo, *, timeout: float | None = None, progress: Wanted = None, **spec: Any
    ) -> Activations:
        asked = specification(None, {"model": model, **spec})
        with reporting(progress, model) as report:
            return await self._driver.run(self._operations.activations(photo, asked, timeout, report))

    async def upload(self, photo: Photo) -> str:
        return await self._driver.run(self._operations.photo(photo))

    async def attribution(
        self, unit: str, photo: Photo, *, timeout: float | None = None, progress: Wanted = None, **spec: Any
    ) -> Attribution:
        with reporting(progress, unit) as report:
            found: Attribution = await self._driver.run(
                self._operations.attribution(unit, photo, spec, timeout, report)
            )
            return found

    async def maps(
        self,
        model: str,
        layer: str,
        photo: Photo,
        *,
        timeout: float | None = None,
        progress: Wanted = None,
        **spec: Any,
    ) -> Result:
        with reporting(progress, f"{model}/{layer}") as report:
            found: Result = await self._driver.run(self._operations.maps(model, layer, photo, spec, timeout, report))
            return found

    async def filters(
        self, unit: str, *, units: int | None = None, timeout: float | None = None, progress: Wanted = None
    ) -> Result:
        with reporting(progress, unit) as report:
            found: Result = await self._driver.run(self._operations.filters(unit, units, timeout, report))
            return found

    async def datasets(self) -> list[dict[str, Any]]:
        return await self._driver.run(self._operations.datasets())

    async def dataset(self, name: str) -> dict[str, Any]:
        return await self._driver.run(self._operations.dataset(name))

    async def scan(
        self, model: str, dataset: str, *, timeout: float | None = None, progress: Wanted = None, **spec: Any
    ) -> Result:
        asked = {"model": model, "dataset": dataset, **spec}
        with reporting(progress, f"{model} over {dataset}") as report:
            found: Result = await self._driver.run(self._operations.made("scans", asked, timeout, report))
            return found

    async def examples(self, unit: str, dataset: str | None = None) -> dict[str, Any]:
        return await self._driver.run(self._operations.examples(unit, dataset))

    async def alike(self, unit: str, dataset: str | None = None) -> dict[str, Any]:
        return await self._driver.run(self._operations.alike(unit, dataset))

    async def spectrum(
        self,
        unit: str,
        dataset: str | None = None,
        *,
        make: bool = False,
        timeout: float | None = None,
        progress: Wanted = None,
    ) -> dict[str, Any]:
        if not make:
            return await self._driver.run(self._operations.spectrum(unit, dataset))
        with reporting(progress, unit) as report:
            return await self._driver.run(self._operations.whole_spectrum(unit, dataset, timeout, report))

    async def spectrum_sheet(self, unit: str, dataset: str | None = None) -> bytes:
        return await self._driver.run(self._operations.spectrum_sheet(unit, dataset))

    async def comparison(
        self,
        visualization: str | Visualization,
        dataset: str,
        *,
        timeout: float | None = None,
        progress: Wanted = None,
        **spec: Any,
    ) -> Result:
        with reporting(progress, dataset) as report:
            asked = self._operations.comparison(visualization, dataset, spec, timeout, report)
            found: Result = await self._driver.run(asked)
            return found

    async def file(self, made: str | Result) -> bytes:
        return await self._driver.run(self._operations.file(made))

    async def start(self, kind: str, *, callback: str | None = None, **spec: Any) -> AsyncJob:
        return self._job(await self._driver.run(self._operations.started(kind, spec, callback)))

    async def models(self, q: str | None = None, *, downloaded: bool | None = None) -> list[Model]:
        return await self._driver.run(self._operations.models(q, downloaded))

    async def layers(self, model: str, q: str | None = None, *, recommended: bool | None = None) -> list[Layer]:
        return await self._driver.run(self._operations.layers(model, q, recommended))

    async def layer(self, model: str, name: str) -> Layer:
        return await self._driver.run(self._operations.layer(model, name))

    async def unit(self, place: str, layer: str | None = None, channel: int | None = None) -> Unit:
        return await self._driver.run(self._operations.unit(place, layer, channel))

    async def jobs(
        self,
        kind: str = "visualizations",
        *,
        model: str | None = None,
        status: str | None = None,
        sort: str | None = None,
        order: str | None = None,
        dataset: str | None = None,
        limit: int | None = 100,
    ) -> list[dict[str, Any]]:
        sought = {"model": model, "status": status, "sort": sort, "order": order, "dataset": dataset}
        return await self._driver.run(self._operations.jobs(kind, limit, **sought))

    async def job(self, key: str) -> AsyncJob:
        return self._job(await self._driver.run(self._operations.job(key)))

    async def alive(self) -> None:
        await self._driver.run(self._operations.alive())

    async def status(self) -> dict[str, Any]:
        return await self._driver.run(self._operations.status())

    def _job(self, told: dict[str, Any]) -> AsyncJob:
        return AsyncJob(told, self._operations, self._driver)
