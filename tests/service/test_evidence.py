"""A finished picture beside a data set: exact counts from a histogram, and only where like is compared with like."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds import VISUALIZATION
from featurelens.jobs.queue.index import JobIndex
from featurelens.jobs.spec.base import Sign
from featurelens.jobs.spec.objectives import ClassObjective, NeuronObjective
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.result import Result, describe
from featurelens.service.evidence import Unit, beyond, compared, unit_of
from featurelens.service.schemas.evidence import Bounds
from tests.support import datasets
from tests.support.catalog import ENTRY
from tests.support.results import result
from tests.support.scans import LAYER, finish
from tests.support.visualizations import PNG, SPEC, URL

VALUES = (-1.0, -0.75, -0.5, 0.0, 0.25, 0.5, 0.5, 0.75)
BARS: dict[str, Any] = {"low": -1.0, "width": 0.5, "counts": [2, 1, 2, 3], "smallest": -1.0, "largest": 0.75}
"""The histogram of `VALUES`."""
SCAN = {"model": "tinynet", "dataset": datasets.ENTRY.name, "layers": ["conv1", LAYER]}


@pytest.mark.parametrize("sign", ["positive", "negative"])
def test_how_many_images_a_picture_is_beyond(sign: Sign) -> None:
    """What holds of the images themselves lies between the two; where a bin begins and outside they agree."""
    for value in [*VALUES, -2.0, -0.9, -0.6, 0.1, 0.6, 0.8, 3.0]:
        least, most = beyond(BARS, value, sign)
        truly = sum(one < value if sign == "positive" else one > value for one in VALUES)
        assert least <= truly <= most, value
    assert [beyond(BARS, value, "positive") for value in (-2.0, -0.5, 0.5, 0.6, 3.0)] == [
        (0, 0),
        (2, 2),
        (5, 5),
        (5, 8),
        (8, 8),
    ]
    assert [beyond(BARS, value, "negative") for value in (-2.0, -0.6, 0.6, 3.0)] == [(8, 8), (6, 8), (0, 3), (0, 0)]


def test_units_that_are_compared() -> None:
    class_of = {"layer": "logits", "channel": None}
    found = [
        unit_of(SPEC.model_copy(update=change))
        for change in (
            {},
            {"sign": "negative"},
            {"objective": NeuronObjective(type="neuron")},
            {"objective": NeuronObjective(type="neuron"), "sign": "negative"},
            {"objective": ClassObjective(type="class", label=3), **class_of},
            {"objective": ClassObjective(type="class", label=3, value="probability"), **class_of},
        )
    ]
    assert [None if one is None else (one.channel, one.sign, one.compared) for one in found] == [
        (3, "positive", "mean"),
        (3, "negative", "mean"),
        (3, "positive", "maximum"),
        None,
        (3, "positive", "mean"),
        None,
    ]


def put(store: FileStore, spec: VisualizationSpec = SPEC, **numbers: float) -> str:
    """A finished picture, and where it is."""
    key = VISUALIZATION.key(spec, ENTRY.digest, ENTRY.renderer)
    store.put(result([PNG], key, spec, numbers), [PNG])
    return f"{URL}/{key}"


@pytest.fixture
def scan(client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog) -> str:
    """The key of a finished one; it says of every unit 30 images in [0, 0.5) and 9 in [0.5, 0.75]."""
    catalog.datasets.publish([datasets.ENTRY])
    key = str(client.post("/v1/scans", json=SCAN).json()["key"])
    finish(redis, store, key)
    return key


def same(number: float) -> dict[str, float]:
    return {"least": number, "most": number}


def test_evidence(client: httpx.Client, store: FileStore, scan: str) -> None:
    """The layer ends in ReLU: what stands before it is compared, as the scan read it."""
    neuron = SPEC.model_copy(update={"objective": NeuronObjective(type="neuron")})
    (evidence,) = client.get(put(store, neuron, activation=9.0, preactivation=1.5)).json()["evidence"]
    assert evidence == {
        "dataset": datasets.ENTRY.name,
        "scan": scan,
        "images": 39,
        "compared": "maximum",
        "activation": 1.5,
        "best": same(0.75),
        "ratio": same(2.0),
        "percentile": same(100.0),
        "comparison": None,
        "paths": None,
    }
    centre = neuron.model_copy(update={"seed": 1})
    (evidence,) = client.get(put(store, centre, preactivation=0.625)).json()["evidence"]
    assert evidence["percentile"] == {"least": 100 * 30 / 39, "most": 100.0}
    negative = SPEC.model_copy(update={"sign": "negative"})
    (evidence,) = client.get(put(store, negative, activation=0.0, preactivation=-1.0)).json()["evidence"]
    assert (evidence["compared"], evidence["activation"]) == ("mean", -1.0)
    assert (evidence["best"], evidence["ratio"], evidence["percentile"]) == (same(0.0), None, same(100.0))


def scanned(rectified: bool, mean: tuple[float, ...], maximum: tuple[float, ...]) -> tuple[Result, dict[str, Any]]:
    """A scan of one layer, and what it says of a unit to which the images say these numbers, multiples of 1/4."""

    def bars(values: tuple[float, ...]) -> dict[str, Any]:
        low, width = min(values), 0.25
        counts = [values.count(low + width * place) for place in range(int((max(values) - low) / width) + 1)]
        return {"low": low, "width": width, "counts": counts, "smallest": low, "largest": max(values)}

    layers = [{"name": LAYER, "channels": 16, "height": 2, "width": 2, "preactivation": rectified}]
    spec = ScanSpec(model=ENTRY.name, dataset="d", layers=[LAYER])
    line = {"images": len(mean), "mean": {"histogram": bars(mean)}, "maximum": {"histogram": bars(maximum)}}
    return describe("fs1_" + "0" * 64, spec, {"layers": layers}, datetime.now(UTC)), line


MAPS = ((-1.0, -0.5, 0.0, 0.5), (-2.0, -1.0, 2.0, 1.0), (0.5, 0.5, 1.0, 1.0), (-1.0, -1.0, -1.0, -1.0))
"""Four images' feature maps before the ReLU."""


@pytest.mark.parametrize("value", [0.0, 0.1, 0.25, 0.6, 0.75, 0.8, 1.5, 3.0])
def test_the_mean_after_relu_lies_between_what_is_known(value: float) -> None:
    """The truth, computed of the maps, is never outside the bounds."""
    scan, line = scanned(True, tuple(sum(one) / 4 for one in MAPS), tuple(max(one) for one in MAPS))
    found = compared({"activation": value, "preactivation": -9.0}, scan, Unit(LAYER, 0, "positive", "mean"), line)
    assert found is not None
    assert found.ratio is not None
    assert found.ratio.most is not None
    after = [sum(max(0.0, place) for place in one) / 4 for one in MAPS]
    assert (found.compared, found.activation) == ("mean after ReLU", value)
    assert found.best.least <= max(after) <= (found.best.most or 0.0)
    assert found.ratio.least <= value / max(after) <= found.ratio.most
    truly = 100 * sum(one < value for one in after) / len(after)
    assert found.percentile.least <= truly <= (found.percentile.most or 0.0)


def test_where_the_scan_kept_the_mean_after_relu_it_is_exact() -> None:
    """As of the maps themselves, but for images in the picture's own bin."""
    scan, line = scanned(True, tuple(sum(one) / 4 for one in MAPS), tuple(max(one) for one in MAPS))
    after = [sum(max(0.0, place) for place in one) / 4 for one in MAPS]
    assert sorted(after) == [0.0, 0.125, 0.75, 0.75]
    line["mean_after"] = {"low": 0.0, "width": 0.125, "counts": [1, 1, 0, 0, 0, 0, 2], "smallest": 0.0, "largest": 0.75}
    for value, best, percentile in ((0.0, 0.0, 0.0), (0.125, 1 / 6, 25.0), (0.25, 1 / 3, 50.0), (1.5, 2.0, 100.0)):
        found = compared({"activation": value, "preactivation": -9.0}, scan, Unit(LAYER, 0, "positive", "mean"), line)
        assert found is not None
        assert (found.compared, found.best) == ("mean after ReLU", Bounds(least=0.75, most=0.75))
        assert found.ratio == Bounds(least=best, most=best)
        assert found.percentile == Bounds(least=percentile, most=percentile)
    negative = Unit(LAYER, 0, "negative", "mean")
    found = compared({"activation": 0.0, "preactivation": -2.0}, scan, negative, line)
    assert found is not None
    assert (found.compared, found.best) == ("mean", Bounds(least=-1.0, most=-1.0))


def test_without_relu_ratio_and_percentile_are_exact() -> None:
    scan, line = scanned(False, (-0.5, 0.0, 0.25, 0.25, 2.0), (1.0,) * 5)
    for value, sign, ratio, percentile in (
        (1.0, "positive", 0.5, 80.0),
        (0.25, "positive", 0.125, 40.0),
        (-1.0, "positive", -0.5, 0.0),
        (-1.0, "negative", 2.0, 100.0),
        (-0.25, "negative", 0.5, 80.0),
    ):
        unit = Unit(LAYER, 0, "positive" if sign == "positive" else "negative", "mean")
        found = compared({"activation": value}, scan, unit, line)
        assert found is not None
        assert found.ratio == Bounds(least=ratio, most=ratio)
        assert found.percentile == Bounds(least=percentile, most=percentile), value
    assert compared({}, scan, Unit(LAYER, 0, "positive", "mean"), line) is None


def test_a_unit_that_nothing_raises() -> None:
    scan, line = scanned(False, (-0.5, -0.25), (-0.25, -0.25))
    found = compared({"activation": 1.0}, scan, Unit(LAYER, 0, "positive", "mean"), line)
    assert found is not None
    assert (found.ratio, found.best) == (None, Bounds(least=-0.25, most=-0.25))


@pytest.mark.parametrize(
    "change",
    [{"layer": "logits"}, {"size": (64, 64)}, {"objective": NeuronObjective(type="neuron"), "sign": "negative"}],
)
@pytest.mark.usefixtures("scan")
def test_nothing_to_compare_with(client: httpx.Client, store: FileStore, change: dict[str, Any]) -> None:
    url = put(store, SPEC.model_copy(update=change), activation=1.0, preactivation=1.0)
    assert client.get(url).json()["evidence"] is None


@pytest.mark.usefixtures("scan")
def test_another_network_of_the_same_name(client: httpx.Client, store: FileStore, catalog: Catalog) -> None:
    url = put(store, activation=1.0)
    catalog.publish([ENTRY.model_copy(update={"digest": "sha256:" + "1" * 64})])
    assert client.get(url).json()["evidence"] is None


@pytest.mark.usefixtures("scan")
def test_it_is_looked_for_in_the_resource_alone(client: httpx.Client, store: FileStore) -> None:
    url = put(store, activation=1.0)
    said = client.post(URL, json={"model": "tinynet", "layer": LAYER, "channel": 3}).json()
    assert (said["links"]["self"], said["evidence"]) == (url, None)


def test_it_is_read_once_until_there_is_another_scan(
    client: httpx.Client, redis: Redis, store: FileStore, scan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The latest scan of a data set counts."""
    url = put(store, activation=1.0)
    assert client.get(url).json()["evidence"][0]["scan"] == scan
    reads = itertools.count()
    read = FileStore.file_part

    def counted(self: FileStore, key: str, name: str, start: int, length: int) -> bytes | None:
        next(reads)
        return read(self, key, name, start, length)

    monkeypatch.setattr(FileStore, "file_part", counted)
    assert client.get(url).json()["evidence"][0]["scan"] == scan
    assert next(reads) == 0
    later = client.post("/v1/scans", json=SCAN | {"keep": 3}).json()["key"]
    finish(redis, store, later)
    assert client.get(url).json()["evidence"][0]["scan"] == later
    JobIndex(redis).forget(scan, later)
    assert client.get(url).json()["evidence"] is None


def test_looking_again_asks_the_store_only_about_scans_that_tell_of_the_unit(
    client: httpx.Client, redis: Redis, store: FileStore, scan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are of the network."""
    for change in ({"layers": ["conv1"]}, {"layers": ["logits"]}, {"size": [64, 64]}):
        finish(redis, store, client.post("/v1/scans", json=SCAN | change).json()["key"])
    url = put(store, activation=1.0)
    first = client.get(url).json()["evidence"]
    asked: list[str] = []
    state = FileStore._state

    def noted(self: FileStore, key: str, name: str) -> Any:
        asked.append(key)
        return state(self, key, name)

    monkeypatch.setattr(FileStore, "_state", noted)
    assert client.get(url).json()["evidence"] == first
    assert {key for key in asked if key.startswith("fs1_")} == {scan}


def test_a_scan_that_is_gone_gives_way_to_the_one_before(
    client: httpx.Client, redis: Redis, store: FileStore, scan: str
) -> None:
    url = put(store, activation=1.0)
    later = client.post("/v1/scans", json=SCAN | {"keep": 3}).json()["key"]
    finish(redis, store, later)
    assert client.get(url).json()["evidence"][0]["scan"] == later
    assert store.delete(later)  # evicted: no list has noticed yet
    assert client.get(url).json()["evidence"][0]["scan"] == scan
