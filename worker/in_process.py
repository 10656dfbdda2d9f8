"""Jobs done in this process: without queue, service or store, with the same results to the bit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, NamedTuple

from featurelens.engine.malloc import keep_memory
from featurelens.engine.network import Network
from featurelens.engine.precision import best_device, repeatable
from featurelens.jobs.catalog.entries import LayerEntry, ModelEntry
from featurelens.jobs.errors import (
    FeaturelensError,
    ModelLoadFailed,
    NotDescribable,
    RenderFailed,
    UnknownModel,
    unknown,
)
from featurelens.jobs.kinds import kind_of
from featurelens.jobs.kinds.activations import Activations
from featurelens.jobs.kinds.visualization import Visualization
from featurelens.jobs.settings import Settings
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.store.photos import Photos
from featurelens.jobs.store.result import Result, describe
from featurelens.worker.models.registry import Registry
from featurelens.worker.protocol import Ask
from featurelens.worker.renderer.device import Device
from featurelens.worker.renderer.scheduler import choose
from featurelens.worker.renderer.work import Group, Work, Workshop
from featurelens.worker.slot.pictures import encoded

AT_ONCE = 16
"""Jobs begun together: pictures that share a lane share its forward passes."""


class Made(NamedTuple):
    """A result and its PNG files; or `error`, why there is none."""

    ask: Ask
    result: Result | None = None
    images: Sequence[bytes] = ()
    error: FeaturelensError | None = None


class _Decided(NamedTuple):
    spec: JobSpec
    digest: str
    steps: int


class KnownHere:
    """The networks of this machine, as the catalog knows them (`jobs.catalog.known_networks`)."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def model(self, name: str) -> ModelEntry:
        """The network with this canonical name or alias. Raises `UnknownModel` with the nearest names."""
        entries = self._registry.entries()
        for entry in entries:
            if name == entry.name or name in entry.aliases:
                return entry
        known = [known for entry in entries for known in (*entry.aliases, entry.name)]
        raise unknown(UnknownModel, "/model", "there is no model", name, known, "featurelens models list")

    def layers(self, entry: ModelEntry) -> list[LayerEntry]:
        """Its layers in the order they run. Raises `NotDescribable`."""
        try:
            return self._registry.describe(entry.name)
        except ModelLoadFailed as error:
            raise NotDescribable.at("/model", f"the layers of {entry.name} cannot be listed: {error.detail}") from error


class InProcess:
    """Does jobs on the device that `settings` name; photographs are read from `photos`."""

    def __init__(self, settings: Settings, photos: Photos) -> None:
        keep_memory()
        device = best_device(settings.device)
        repeatable(device)
        self.registry = Registry(settings)
        self.known = KnownHere(self.registry)
        self._device = Device.of(device)
        self._photos = photos
        self._networks: dict[str, Network] = {}
        self._workshops: dict[str, Workshop] = {}

    def ask(self, kind: Visualization | Activations, spec: Any) -> Ask:
        """What `spec` asks for, names made canonical and defaults filled in. Raises what `Kind.resolve` raises."""
        resolved: Any
        resolved, entry = kind.resolve(self.known, spec)
        return Ask(key=kind.key(resolved, entry.digest, entry.renderer), spec=resolved, digest=entry.digest)

    def make(self, asks: Sequence[Ask], report: Callable[[Work], object] = lambda _: None) -> Iterator[Made]:
        """Each as soon as it is finished; `report` is called of each after each of its steps."""
        waiting, working = list(reversed(asks)), dict[int, Work]()
        begun = datetime.now(UTC)
        while waiting or working:
            while waiting and len(working) < AT_ONCE:
                ask = waiting.pop()
                try:
                    work = self._begun(ask)
                except Exception as error:  # noqa: BLE001  # the job fails with its reason, others go on
                    yield Made(ask, error=_told(error))
                else:
                    working[id(work)] = work
            for group in self._groups():
                for made, work in _ticked(group, begun):
                    del working[id(work)]
                    yield made
            for work in working.values():
                report(work)

    def _begun(self, ask: Ask) -> Work:
        arrived = time.monotonic()
        name, kind = ask.spec.model, kind_of(ask.key).name
        if name not in self._networks:
            self._networks[name] = self.registry.load(name)
        if kind not in self._workshops:
            module = import_module(f"featurelens.worker.renderer.kinds.{kind}")
            self._workshops[kind] = module.workshop(self._device, self._photos)
        return self._workshops[kind].begin(ask, self._networks[name], arrived)

    def _groups(self) -> list[Group]:
        return [group for workshop in self._workshops.values() for group in workshop.groups()]


def _ticked(group: Group, begun: datetime) -> list[tuple[Made, Work]]:
    """One step of as many works as there is room for; those that have ended by it."""
    try:
        ended = group.tick(choose(group.works, group.room, sweeps_first=False))
    except Exception as error:  # noqa: BLE001  # as above
        failed = list(group.works)
        for work in failed:
            work.leave()
        return [(Made(work.ask, error=_told(error)), work) for work in failed]
    return [(_made(work, begun), work) for work in ended]


def _made(work: Work, begun: datetime) -> Made:
    ask = work.ask
    try:
        finished, payload = work.finish()
    except Exception as error:  # noqa: BLE001  # as above
        return Made(ask, error=_told(error))
    decided = _Decided(ask.spec, ask.digest, kind_of(ask.key).steps(ask.spec))
    images, pictures = encoded(ask.key, decided, finished, payload)
    result = describe(ask.key, ask.spec, finished.numbers, begun, begun)
    return Made(ask, result.model_copy(update={"images": pictures}), images)


def _told(error: Exception) -> FeaturelensError:
    """As the renderer tells it: our own errors as they are, the engine's ValueErrors by their words."""
    if isinstance(error, FeaturelensError):
        return error
    first = str(error).partition("\n")[0]
    return RenderFailed(first if isinstance(error, ValueError) else f"{type(error).__name__}: {first}")
