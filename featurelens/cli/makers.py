"""Who makes what is asked for: a service, or this process."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from featurelens.cli.configured import configured
from featurelens.cli.failures import needing
from featurelens.cli.held import connected, held
from featurelens.client import Activations, Client, Job, Visualization
from featurelens.client.entries import Layer, Model
from featurelens.client.errors import TimedOut
from featurelens.client.operations import encoded
from featurelens.client.progress import Progress
from featurelens.client.watching import Report
from featurelens.jobs.errors import AlreadyOver, Fault, FeaturelensError, InvalidSpec, RenderFailed

if TYPE_CHECKING:
    from featurelens.worker.in_process import Made
    from featurelens.worker.models.sources.download_progress import Downloaded
    from featurelens.worker.renderer.work import Work

Picture = Visualization | FeaturelensError
"""One of many pictures, or why there is none."""


class Maker(Protocol):
    """What commands ask for. Specifications are dictionaries, as over HTTP; Ctrl-C takes back what was asked for."""

    def models(self) -> list[Model]: ...

    def layers(self, model: str) -> list[Layer]: ...

    def layer(self, model: str, name: str) -> Layer: ...

    def picture(self, spec: Mapping[str, Any], timeout: float | None, report: Report | None) -> Visualization: ...

    def pictures(
        self, spec: Mapping[str, Any], timeout: float | None, report: Report | None
    ) -> Generator[tuple[dict[str, Any], Picture]]:
        """Of a sweep, as they become known; each with what tells it from the others: channel, sign, seed.

        Close it (`contextlib.closing`): what is not finished then is taken back.
        """

    def activations(
        self, model: str, photo: str, spec: Mapping[str, Any], timeout: float | None, report: Report | None
    ) -> Activations: ...


def maker(url: str | None) -> Maker:
    """The service at `url`, or None: this process. Raises `Missing` where that cannot."""
    return Served(connected(url)) if url else Local()


class Served:
    """By a service."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.models = client.models
        self.layers = client.layers
        self.layer = client.layer

    def picture(self, spec: Mapping[str, Any], timeout: float | None, report: Report | None) -> Visualization:
        job = self._client.submit(**spec)
        picture: Visualization = _waited(job, timeout, report)
        return picture

    def pictures(
        self, spec: Mapping[str, Any], timeout: float | None, report: Report | None
    ) -> Generator[tuple[dict[str, Any], Picture]]:
        sweep = self._client.sweep(**spec)
        try:
            yield from sweep.as_finished(timeout, report)
        except (KeyboardInterrupt, GeneratorExit):  # here, or while who has asked keeps a picture
            with suppress(AlreadyOver):
                sweep.cancel()
            raise

    def activations(
        self, model: str, photo: str, spec: Mapping[str, Any], timeout: float | None, report: Report | None
    ) -> Activations:
        return self._client.activations(model, photo, timeout=timeout, progress=report, **spec)


class Local:
    """By this process, which needs what a worker needs."""

    def __init__(self) -> None:
        os.environ.setdefault("GOMP_SPINCOUNT", "2000")  # as the launcher has it, before torch is there
        with needing("worker", "without a service that FEATURELENS_URL names, this command"):
            from featurelens.jobs.logs import configure
            from featurelens.jobs.store.folder import Folder
            from featurelens.jobs.store.photos import Photos
            from featurelens.worker.in_process import InProcess
        configure("featurelens", "ERROR")
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="featurelens-")))
        self._photos = Photos(Folder(folder))
        try:
            self._process = InProcess(configured("making pictures"), self._photos)
        except ValueError as error:  # there is no such device
            raise InvalidSpec(str(error)) from error

    def models(self) -> list[Model]:
        return [Model.of(entry.model_dump(mode="json")) for entry in self._process.registry.entries()]

    def layers(self, model: str) -> list[Layer]:
        known = self._process.known
        return [Layer.of(layer.model_dump(mode="json")) for layer in known.layers(known.model(model))]

    def layer(self, model: str, name: str) -> Layer:
        from featurelens.jobs.catalog.layer_names import LayerNames

        entry = self._process.known.model(model)
        found = LayerNames(entry, self._process.known.layers(entry)).named(name, "/layer")
        labels = entry.labels if found.name == entry.classes_layer else None
        return Layer.of({**found.model_dump(mode="json"), "labels": labels})

    def picture(self, spec: Mapping[str, Any], timeout: float | None, report: Report | None) -> Visualization:
        from featurelens.jobs.kinds import VISUALIZATION
        from featurelens.jobs.spec.visualization import VisualizationSpec

        ask = self._process.ask(VISUALIZATION, _valid(VisualizationSpec, spec))
        resolved: Any = ask.spec
        with _downloads(report):
            (made,) = self._process.make([ask], _watch(timeout, report, resolved.steps))
        return _shown(made)

    def pictures(
        self, spec: Mapping[str, Any], timeout: float | None, report: Report | None
    ) -> Generator[tuple[dict[str, Any], Picture]]:
        with needing("jobs", "a sweep without a service"):
            from featurelens.jobs.kinds import VISUALIZATION
            from featurelens.service.schemas.sweep_spec import SweepSpec
        asked = _valid(SweepSpec, spec)
        resolved: Any = self._process.ask(VISUALIZATION, asked.widest()).spec
        asks = [self._process.ask(VISUALIZATION, one) for one in asked.pictures_of(resolved)]
        with _downloads(report):
            for number, made in enumerate(self._process.make(asks, _watch(timeout, None, resolved.steps))):
                if report is not None:
                    report(Progress("running", step=number + 1, steps=len(asks)))
                one = {name: getattr(made.ask.spec, name) for name in ("channel", "sign", "seed")}
                yield one, made.error or _shown(made)

    def activations(
        self, model: str, photo: str, spec: Mapping[str, Any], timeout: float | None, report: Report | None
    ) -> Activations:
        from featurelens.jobs.kinds import ACTIVATIONS
        from featurelens.jobs.spec.activations import ActivationsSpec

        digest = self._photos.add(encoded(photo))
        ask = self._process.ask(ACTIVATIONS, _valid(ActivationsSpec, {**spec, "model": model, "photo": digest}))
        with _downloads(report):
            (made,) = self._process.make([ask])
        resource = _resource(made)
        numbers = resource["numbers"]
        return Activations({**resource, "classes": numbers.pop("classes"), "layers": numbers.pop("layers")}, None)


def _waited(asked: Job, timeout: float | None, report: Report | None) -> Any:
    """What it waits for; Ctrl-C takes the request back."""
    try:
        return asked.wait(timeout, report)
    except KeyboardInterrupt:
        asked.cancel()
        raise


def _valid(kind: Any, spec: Mapping[str, Any]) -> Any:
    """`spec` as this kind of specification. Raises `InvalidSpec`, as the service would."""
    from pydantic import ValidationError

    try:
        return kind.model_validate(dict(spec))
    except ValidationError as error:
        faults = tuple(
            Fault("/" + "/".join(map(str, part["loc"])), part["msg"].removeprefix("Value error, "))
            for part in error.errors()
        )
        told = (f"{one.pointer}: {one.detail}" if one.pointer != "/" else one.detail for one in faults)
        raise InvalidSpec("; ".join(told), faults) from error


def _downloads(report: Report | None) -> AbstractContextManager[None]:
    """Weights that are downloaded within the block are told of."""
    from featurelens.worker.models.sources.download_progress import told_to

    def tell(coming: Downloaded) -> None:
        if report is not None:
            report(Progress("running", stage="downloading", downloaded=coming.bytes, download_size=coming.of))

    return told_to(tell)


def _watch(timeout: float | None, report: Report | None, steps: int) -> Callable[[Work], None]:
    """To be called after each step. Raises `TimedOut` after `timeout` seconds."""
    deadline = None if timeout is None else time.monotonic() + timeout

    def watch(work: Work) -> None:
        if deadline is not None and time.monotonic() > deadline:
            raise TimedOut(f"not finished within {timeout:g} s", "")
        if report is not None:
            report(Progress("running", stage=work.stage, step=work.step, steps=steps, score=work.score))

    return watch


def _resource(made: Made) -> dict[str, Any]:
    """As the service would tell it. Raises why there is none."""
    if made.result is None:
        raise made.error or RenderFailed("it failed")
    return {"status": "succeeded", **made.result.model_dump(mode="json")}


def _shown(made: Made) -> Visualization:
    return Visualization(_resource(made), made.images, None)
