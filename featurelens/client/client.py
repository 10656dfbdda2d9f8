"""The client that waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from featurelens.client.bars import Wanted, reporting
from featurelens.client.connection import Connection
from featurelens.client.driver import Closing, Driver
from featurelens.client.entries import Layer, Model, Unit
from featurelens.client.jobs import Job, Sweep
from featurelens.client.operations import Operations, specification
from featurelens.client.results import Activations, Visualization, address
from featurelens.jobs import addresses

if TYPE_CHECKING:
    from featurelens.client.operations import Photo


class Client(Closing):
    """Asks the service at `url` (``https://vision.example.org/lens`` where a proxy has it below a path).

    `url` and `key` left out are ``FEATURELENS_URL`` and ``FEATURELENS_API_KEY`` of the environment, or this machine.
    `timeout` is seconds for one answer; what fails for a passing reason is repeated for `patience` seconds, and never
    asks for the same work twice. Errors are `featurelens.jobs.errors.FeaturelensError`: `code`, `detail`, `errors`
    (what is wrong where) and `valid` (names that would do). Any number of threads may use it.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        patience: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        connection = Connection.to(url, key, timeout)
        self.url = connection.url
        self._driver = Driver(connection, transport)
        self._operations = Operations(connection.url, patience)

    def visualize(
        self, unit: str | None = None, *, timeout: float | None = None, progress: Wanted = None, **spec: Any
    ) -> Visualization:
        """The picture of a unit, ``resnet50/layer4.2:15``, waited for and fetched.

        `spec` is the rest of a specification (docs/objectives.md): `steps`, `sign`, `size`, `seed`, `objective`, ...
        Raises `InvalidSpec` or one below it for what there is not, `TimedOut` after `timeout` seconds, `Cancelled`, or
        what it failed with.
        """
        asked = specification(unit, spec)
        with reporting(progress, unit or address({"model": "", **asked})) as report:
            return self._driver.run(self._operations.visualize(asked, timeout, report))

    def submit(self, unit: str | None = None, *, callback: str | None = None, **spec: Any) -> Job:
        """The same, asked for and not waited for. `callback` is an address that is told how it ended (docs/api.md)."""
        asked = self._operations.submit(addresses.VISUALIZATIONS, specification(unit, spec), callback)
        return self._job(self._driver.run(asked))

    def sweep(
        self,
        place: str | None = None,
        channels: str | list[int] | None = None,
        *,
        callback: str | None = None,
        **spec: Any,
    ) -> Sweep:
        """Asks for a picture of each of `channels` of a layer: ``sweep("patternnet/conv5", "0-63", steps=64)``.

        `spec` as for a picture, with `signs` and `seeds` for several of each; `callback` as for `submit`.
        """
        asked = specification(place, {"channels": channels, **spec})
        told = self._driver.run(self._operations.submit(addresses.SWEEPS, asked, callback))
        return Sweep(told, self._operations, self._driver)

    def activations(
        self, model: str, photo: Photo, *, timeout: float | None = None, progress: Wanted = None, **spec: Any
    ) -> Activations:
        """What a network sees in a photograph, which is uploaded if need be. `spec`: `layers`, `units`, `size`."""
        asked = specification(None, {"model": model, **spec})
        with reporting(progress, model) as report:
            return self._driver.run(self._operations.activations(photo, asked, timeout, report))

    def upload(self, photo: Photo) -> str:
        """The name of a photograph for objectives that look at one: ``sha256:...``."""
        return self._driver.run(self._operations.photo(photo))

    def models(self, q: str | None = None, *, downloaded: bool | None = None) -> list[Model]:
        """The networks, sorted by name; `q` are words to be found in it."""
        return self._driver.run(self._operations.models(q, downloaded))

    def layers(self, model: str, q: str | None = None, *, recommended: bool | None = None) -> list[Layer]:
        """The layers of a network in the order they run. Raises `NotFound`."""
        return self._driver.run(self._operations.layers(model, q, recommended))

    def layer(self, model: str, name: str) -> Layer:
        """One layer; that of the classes has their `labels`. Raises `NotFound`."""
        return self._driver.run(self._operations.layer(model, name))

    def unit(self, place: str, layer: str | None = None, channel: int | None = None) -> Unit:
        """One unit and its pictures: ``unit("patternnet/conv4:7")``, or model, layer and channel apart."""
        return self._driver.run(self._operations.unit(place, layer, channel))

    def jobs(
        self,
        kind: str = "visualizations",
        *,
        model: str | None = None,
        status: str | None = None,
        limit: int | None = 100,
    ) -> list[dict[str, Any]]:
        """Jobs of a kind (`activations`, `maps`, `scans`, ..., as under /v1), newest first; None: all of them."""
        return self._driver.run(self._operations.jobs(kind, model, status, limit))

    def job(self, key: str) -> Job:
        """A job by its key. Raises `NotFound`."""
        return self._job(self._driver.run(self._operations.job(key)))

    def alive(self) -> None:
        """Raises `Unreachable` unless a service answers here, ready or not, whoever asks."""
        self._driver.run(self._operations.alive())

    def status(self) -> dict[str, Any]:
        """How the service is doing: queues, slots, renderer."""
        return self._driver.run(self._operations.status())

    def _job(self, told: dict[str, Any]) -> Job:
        return Job(told, self._operations, self._driver)
