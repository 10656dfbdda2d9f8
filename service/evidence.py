"""A finished picture held against what scans found of the same unit of the same network."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from redis.exceptions import RedisError

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import OtherVersion, UnknownModel
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.objectives import ChannelObjective, ClassObjective, NeuronObjective
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import Result
from featurelens.jobs.store.result_store import ResultStore
from featurelens.service.known_comparisons import KnownComparisons
from featurelens.service.known_scans import Known, KnownScans
from featurelens.service.scan_lines import shape_of
from featurelens.service.schemas.evidence import Bounds, Compared, Evidence
from featurelens.service.schemas.visualization import Visualization

MEASURED = ("activation", "preactivation")
"""Numbers of a picture that may be compared."""
REMEMBERED = 4096
"""Pictures whose evidence a process keeps in memory."""


class Unit(NamedTuple):
    """What a picture is made of, and what of each image it is compared with."""

    layer: str
    channel: int
    sign: Sign
    compared: Compared


class Reading(NamedTuple):
    """Scans that read a layer of a network as that is now, the latest first; some may be gone from the store."""

    weights: str
    renderer: str
    scans: tuple[Known, ...]


class Evidences:
    """Which scans there are is asked each time; what they say of a picture is read once."""

    def __init__(self, catalog: Catalog, store: ResultStore, scans: KnownScans, comparisons: KnownComparisons) -> None:
        self._catalog = catalog
        self._store = store
        self._scans = scans
        self._comparisons = comparisons
        self._known = lru_cache(REMEMBERED)(self._read)

    def of(self, job: Visualization) -> list[Evidence] | None:
        """That of the latest scan of each data set; None where none is known.

        Scans count that are of the same weights, read by the same version of the engine, at the picture's own size: the
        keys of both say so. None, too, while there is no broker, which knows the scans: the picture is shown without.
        """
        try:
            return self.of_all([job])[0] or None
        except RedisError:
            return None

    def of_all(self, jobs: Sequence[Visualization]) -> list[list[Evidence]]:
        """The same of many, with a few questions to the broker for each layer and one for all. Raises `RedisError`."""
        units = [unit_of(job.spec) if job.status == "succeeded" else None for job in jobs]
        layers = {(job.spec.model, unit.layer) for job, unit in zip(jobs, units, strict=True) if unit is not None}
        read = {layer: self._reading(*layer) for layer in layers}
        told = self._comparisons.about([job.key for job in jobs])
        found: list[list[Evidence]] = []
        for job, unit in zip(jobs, units, strict=True):
            reading = None if unit is None else read[job.spec.model, unit.layer]
            beside = None if unit is None or reading is None else self._beside(job, unit, reading, told[job.key])
            found.append(beside or [])
        return found

    def version(self, key: str) -> Hashable:
        """Another one whenever `of` may say something else of the picture with this key; None: that is not known."""
        result = self._store.get(key)
        if result is None or not isinstance(result.spec, VisualizationSpec):
            return None
        unit = unit_of(result.spec)
        if unit is None:
            return "none"
        try:
            reading = self._reading(result.spec.model, unit.layer)
            if reading is None:
                return None
            there = self._there(reading, result.spec.size)
            return reading.weights, reading.renderer, there, self._comparisons.version(key)
        except RedisError:
            return None

    def sources(self, model: str, layer: str) -> Hashable:
        """Another one whenever scans of this layer may say something else of any picture. Raises `RedisError`."""
        reading = self._reading(model, layer)
        if reading is None:
            return None
        there = tuple(one.key for one in reading.scans if self._scans.result(one.key) is not None)
        return reading.weights, reading.renderer, there

    def _reading(self, model: str, layer: str) -> Reading | None:
        """None of a network that is gone, or not understood."""
        try:
            entry = self._catalog.model(model)
        except (UnknownModel, OtherVersion):
            return None
        scans = tuple(one for one in self._scans.reading(entry, layer) if one.same)
        return Reading(entry.digest, entry.renderer, scans)

    def _there(self, reading: Reading, size: tuple[int, int] | None) -> tuple[str, ...]:
        """Keys of scans that tell of a picture of this size: the latest one of each data set that is in the store."""
        found: dict[str, str] = {}
        for scan in reading.scans:
            dataset = scan.spec.dataset
            if scan.spec.size == size and dataset not in found and self._scans.result(scan.key) is not None:
                found[dataset] = scan.key
        return tuple(found.values())

    def _beside(self, job: Visualization, unit: Unit, reading: Reading, about: Sequence[str]) -> list[Evidence]:
        """`about`: keys of comparisons of the picture."""
        weights, renderer, _ = reading
        scans = self._there(reading, job.spec.size)
        if not scans or VISUALIZATION.key(job.spec, weights, renderer) != job.key:
            return []
        measured = tuple((job.numbers or {}).get(name) for name in MEASURED)
        comparisons = self._comparisons.of(about, weights, renderer)
        return [one.beside(comparisons.get(one.dataset)) for one in self._known(unit, measured, scans)]

    def _read(self, unit: Unit, measured: tuple[float | None, ...], scans: tuple[str, ...]) -> tuple[Evidence, ...]:
        numbers = dict(zip(MEASURED, measured, strict=True))
        found = []
        for scan in filter(None, map(self._scans.result, scans)):
            line = self._scans.line(scan, unit.layer, unit.channel)
            one = None if line is None else compared(numbers, scan, unit, line)
            if one is not None:
                found.append(one)
        return tuple(found)


def unit_of(spec: VisualizationSpec) -> Unit | None:
    """None where a scan has no number to compare with: for several units, or a neuron's lowest value."""
    objective, channel = spec.objective, spec.listed_channel
    if spec.layer is None or channel is None:
        return None
    if isinstance(objective, ChannelObjective) or (
        isinstance(objective, ClassObjective) and objective.value == "logit"
    ):
        return Unit(spec.layer, channel, spec.sign, "mean")
    if isinstance(objective, NeuronObjective) and spec.sign == "positive":
        return Unit(spec.layer, channel, spec.sign, "maximum")
    return None


def compared(numbers: dict[str, Any], scan: Result, unit: Unit, line: dict[str, Any]) -> Evidence | None:
    """`numbers` of the picture held against `line`, what `scan` says of its unit; None where they lack the number."""
    spec = scan.spec
    assert isinstance(spec, ScanSpec)
    positive, rectified = unit.sign == "positive", shape_of(scan, unit.layer)["preactivation"]
    # A positive channel climbs the mean behind a ReLU.
    after = rectified and positive and unit.compared == "mean"
    value = numbers.get("preactivation" if rectified and not after else "activation")
    if value is None:
        return None
    exact = line.get("mean_after") if after else line[unit.compared]["histogram"]
    lower, upper = (exact, exact) if exact else (line[name]["histogram"] for name in ("mean", "maximum"))
    best = [one["largest" if positive else "smallest"] for one in (lower, upper)]
    least, most = beyond(upper, value, unit.sign)[0], beyond(lower, value, unit.sign)[1]
    if not exact:  # an older scan, which says only between what the mean behind the ReLU lies
        best = [max(0.0, one) for one in best]
        least, most = (least, most) if value > 0 else (0, 0)
    return Evidence(
        dataset=spec.dataset,
        scan=scan.key,
        images=line["images"],
        compared="mean after ReLU" if after else unit.compared,
        activation=value,
        best=Bounds(least=best[0], most=best[1]),
        ratio=_ratio(value, best[0], best[1], positive=positive),
        percentile=Bounds(least=100 * least / line["images"], most=100 * most / line["images"]),
    )


def _ratio(value: float, low: float, high: float, *, positive: bool) -> Bounds | None:
    """`value` / the best, which is between `low` and `high`: one number, or `value` is not below zero."""
    if high == 0 or (high > 0) is not positive:
        return None
    return Bounds(least=value / high, most=value / low if low else None)


def beyond(histogram: dict[str, Any], value: float, sign: Sign) -> tuple[int, int]:
    """How many images `value` is above, or below where the sign is negative: at least, and at most.

    A histogram tells it exactly where a bin begins, and beyond its smallest and largest number.
    """
    low, width, counts = histogram["low"], histogram["width"], histogram["counts"]
    images = sum(counts)
    if value > histogram["largest"]:
        return (images, images) if sign == "positive" else (0, 0)
    if value < histogram["smallest"]:
        return (0, 0) if sign == "positive" else (images, images)
    place = min(int((value - low) // width), len(counts) - 1)
    below, within = sum(counts[:place]), counts[place]
    if sign == "positive":
        return below, below + (within if value > low + place * width else 0)
    return images - below - within, images - below
