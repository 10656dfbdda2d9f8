"""What can be asked about units beside their pictures: of photographs, of data sets, of weights."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from featurelens.client.operations import KINDS, LISTED, Operations, path_of, place_of
from featurelens.client.results import Result, Visualization
from featurelens.client.retries import once, told
from featurelens.client.steps import Request, Steps
from featurelens.client.watching import Report
from featurelens.jobs import addresses
from featurelens.jobs.errors import InvalidSpec, NotFound

_FILES = {"fm": addresses.maps_file, "ft": addresses.attribution_file, "fs": addresses.scan_table}
"""Where the numbers of a job are as a file, by the first two characters of its key."""

_POSTED = tuple(kind for kind in LISTED if f"{addresses.ROOT}/{kind}" != addresses.FILTERS)
"""Kinds that are asked for by a specification; weights are asked for where their unit is (`Studies.filters`)."""


@dataclass(frozen=True)
class Studies(Operations):
    """`Operations`, and these."""

    def datasets(self) -> Steps[list[dict[str, Any]]]:
        found = yield from self._get(addresses.DATASETS)
        return list(found["datasets"])

    def dataset(self, name: str) -> Steps[dict[str, Any]]:
        return (yield from self._get(addresses.dataset(name)))

    def started(self, kind: str, spec: Mapping[str, Any], callback: str | None) -> Steps[dict[str, Any]]:
        return (yield from self.submit(_root(kind), spec, callback))

    def made(self, kind: str, spec: Mapping[str, Any], timeout: float | None, report: Report | None) -> Steps[Any]:
        """The result of a job of a kind, as lists name it."""
        resource = yield from self.submit(_root(kind), spec)
        return (yield from self.finished(path_of(resource["key"]), resource, timeout, report))

    def attribution(
        self, unit: str, photo: Any, spec: Mapping[str, Any], timeout: float | None, report: Report | None
    ) -> Steps[Any]:
        model, layer, channel = place_of(unit)
        digest = yield from self.photo(photo)
        whole = {"model": model, "layer": layer, "channel": channel, "photo": digest, **spec}
        return (yield from self.made("attributions", whole, timeout, report))

    def maps(
        self, model: str, layer: str, photo: Any, spec: Mapping[str, Any], timeout: float | None, report: Report | None
    ) -> Steps[Any]:
        digest = yield from self.photo(photo)
        return (
            yield from self.made("maps", {"model": model, "layer": layer, "photo": digest, **spec}, timeout, report)
        )

    def comparison(
        self,
        visualization: str | Visualization,
        dataset: str,
        spec: Mapping[str, Any],
        timeout: float | None,
        report: Report | None,
    ) -> Steps[Any]:
        key = visualization.key if isinstance(visualization, Visualization) else visualization
        whole = {"visualization": key, "dataset": dataset, **spec}
        return (yield from self.made("comparisons", whole, timeout, report))

    def filters(self, unit: str, units: int | None, timeout: float | None, report: Report | None) -> Steps[Any]:
        resource = yield from self._get(addresses.unit_filters(*place_of(unit)), {"units": units})
        return (yield from self.finished(path_of(resource["key"]), resource, timeout, report))

    def examples(self, unit: str, dataset: str | None) -> Steps[dict[str, Any]]:
        return (yield from self._get(addresses.examples(*place_of(unit)), {"dataset": dataset}))

    def alike(self, unit: str, dataset: str | None) -> Steps[dict[str, Any]]:
        return (yield from self._get(addresses.alike(*place_of(unit)), {"dataset": dataset}))

    def spectrum(self, unit: str, dataset: str | None) -> Steps[dict[str, Any]]:
        return (yield from self._get(addresses.spectrum(*place_of(unit)), {"dataset": dataset}))

    def whole_spectrum(
        self, unit: str, dataset: str | None, timeout: float | None, report: Report | None
    ) -> Steps[dict[str, Any]]:
        """Asks for what is missing of it, and waits for all of that, `timeout` seconds together."""
        deadline = None if timeout is None else time.monotonic() + timeout
        request = Request("POST", addresses.spectrum(*place_of(unit)), {"dataset": dataset})
        asked = yield from told(once(request), self.patience)
        if asked["sweep"] is not None:
            yield from self.sweep_over(addresses.sweep(asked["sweep"]["id"]), timeout, report)
        if asked["scan"] is not None:
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            yield from self.ended(path_of(asked["scan"]["key"]), left, report)
        return (yield from self.spectrum(unit, dataset))

    def spectrum_sheet(self, unit: str, dataset: str | None) -> Steps[bytes]:
        return (yield from self._bytes(addresses.spectrum_sheet(*place_of(unit)), {"dataset": dataset}))

    def file(self, made: str | Result) -> Steps[bytes]:
        key = made.key if isinstance(made, Result) else made
        where = _FILES.get(key[:2])
        if where is None:
            raise NotFound(f"{key!r} has no file; there are those of {', '.join(_named(kind) for kind in _FILES)}")
        return (yield from self._bytes(where(key), {}))


def _root(kind: str) -> str:
    if kind not in _POSTED:
        raise InvalidSpec.at("/kind", f"no {kind!r} can be started; there are {', '.join(_POSTED)}", _POSTED)
    return f"{addresses.ROOT}/{kind}"


def _named(kind: str) -> str:
    return KINDS[kind].rpartition("/")[2]
