"""The client that waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from featurelens.client.bars import Wanted, reporting
from featurelens.client.connection import Connection
from featurelens.client.driver import Closing, Driver
from featurelens.client.entries import Layer, Model, Unit
from featurelens.client.jobs import Job, Sweep
from featurelens.client.operations import specification
from featurelens.client.results import Activations, Attribution, Result, Visualization, address
from featurelens.client.studies import Studies
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
        self._operations = Studies(connection.url, patience)

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

    def attribution(
        self, unit: str, photo: Photo, *, timeout: float | None = None, progress: Wanted = None, **spec: Any
    ) -> Attribution:
        """Which pixels of a photograph made a unit fire. `spec`: `method`, `of`, `baseline`, ... (docs/api.md)."""
        with reporting(progress, unit) as report:
            found: Attribution = self._driver.run(self._operations.attribution(unit, photo, spec, timeout, report))
            return found

    def maps(
        self,
        model: str,
        layer: str,
        photo: Photo,
        *,
        timeout: float | None = None,
        progress: Wanted = None,
        **spec: Any,
    ) -> Result:
        """All feature maps of a layer for a photograph; `file` fetches the numbers."""
        with reporting(progress, f"{model}/{layer}") as report:
            found: Result = self._driver.run(self._operations.maps(model, layer, photo, spec, timeout, report))
            return found

    def filters(
        self, unit: str, *, units: int | None = None, timeout: float | None = None, progress: Wanted = None
    ) -> Result:
        """The weights that make a unit, and the strongest `units` that feed it and that it feeds."""
        with reporting(progress, unit) as report:
            found: Result = self._driver.run(self._operations.filters(unit, units, timeout, report))
            return found

    def datasets(self) -> list[dict[str, Any]]:
        """The data sets that can be scanned: name, number of images, labels, identity."""
        return self._driver.run(self._operations.datasets())

    def dataset(self, name: str) -> dict[str, Any]:
        """One of them. Raises `NotFound`."""
        return self._driver.run(self._operations.dataset(name))

    def scan(
        self, model: str, dataset: str, *, timeout: float | None = None, progress: Wanted = None, **spec: Any
    ) -> Result:
        """What all units of some layers say to every image of a data set. `spec`: `layers`, `keep`, `size`.

        `examples` tells of one unit afterwards, `file` fetches the table of all.
        """
        asked = {"model": model, "dataset": dataset, **spec}
        with reporting(progress, f"{model} over {dataset}") as report:
            found: Result = self._driver.run(self._operations.made("scans", asked, timeout, report))
            return found

    def examples(self, unit: str, dataset: str | None = None) -> dict[str, Any]:
        """Which images of a scanned data set raise a unit most and least. Raises `NotFound` without a scan."""
        return self._driver.run(self._operations.examples(unit, dataset))

    def alike(self, unit: str, dataset: str | None = None) -> dict[str, Any]:
        """Which units of its layer answer most alike over a scanned data set, `alike` and `opposite`; both are None
        where the scan was made before that was kept. Raises `NotFound` without a scan.
        """
        return self._driver.run(self._operations.alike(unit, dataset))

    def spectrum(
        self,
        unit: str,
        dataset: str | None = None,
        *,
        make: bool = False,
        timeout: float | None = None,
        progress: Wanted = None,
    ) -> dict[str, Any]:
        """A unit's optimized pictures with its dataset examples between them; what is not there is in `missing`.

        `make`: that is asked for, and waited for. Raises `UnknownDataset`, `TimedOut` after `timeout` seconds (what was
        asked for goes on), `Cancelled`, or what the scan failed with.
        """
        if not make:
            return self._driver.run(self._operations.spectrum(unit, dataset))
        with reporting(progress, unit) as report:
            return self._driver.run(self._operations.whole_spectrum(unit, dataset, timeout, report))

    def spectrum_sheet(self, unit: str, dataset: str | None = None) -> bytes:
        """The same on one PNG. Raises `NotFound` while nothing of it is there."""
        return self._driver.run(self._operations.spectrum_sheet(unit, dataset))

    def comparison(
        self,
        visualization: str | Visualization,
        dataset: str,
        *,
        timeout: float | None = None,
        progress: Wanted = None,
        **spec: Any,
    ) -> Result:
        """How alike a finished picture and its unit's best examples are processed. `spec`: `examples`, `random`, ..."""
        with reporting(progress, dataset) as report:
            asked = self._operations.comparison(visualization, dataset, spec, timeout, report)
            found: Result = self._driver.run(asked)
            return found

    def file(self, made: str | Result) -> bytes:
        """The numbers of maps or of an attribution as safetensors, of a scan as Parquet. By key or result."""
        return self._driver.run(self._operations.file(made))

    def start(self, kind: str, *, callback: str | None = None, **spec: Any) -> Job:
        """Asks for a job of any kind but `filters`, as lists name them (`scans`, `attributions`, ...); does not wait.

        `callback` as for `submit`. Raises `InvalidSpec` with the kinds there are.
        """
        return self._job(self._driver.run(self._operations.started(kind, spec, callback)))

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
        sort: str | None = None,
        order: str | None = None,
        dataset: str | None = None,
        limit: int | None = 100,
    ) -> list[dict[str, Any]]:
        """Jobs of a kind (`activations`, `maps`, `scans`, ..., as under /v1), newest first; None: all of them.

        Pictures also by `sort`, "activation", say, or "ratio" beside a `dataset`; in "ascending" `order` from below.
        """
        sought = {"model": model, "status": status, "sort": sort, "order": order, "dataset": dataset}
        return self._driver.run(self._operations.jobs(kind, limit, **sought))

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
