"""Comparisons over HTTP: from the name of a picture to its whole specification; told of where the picture is."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from PIL import Image
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds import COMPARISON, VISUALIZATION
from featurelens.jobs.queue.index import write
from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.records import Records
from featurelens.jobs.spec.comparison import ComparisonSpec
from featurelens.jobs.spec.objectives import LayerObjective, NeuronObjective
from featurelens.jobs.spec.parameterizations import FourierParameters
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.result import describe
from tests.support import datasets
from tests.support.catalog import ENTRY
from tests.support.comparisons import LAYER as FOUND
from tests.support.comparisons import TOLD
from tests.support.photographs import encoded
from tests.support.problems import check
from tests.support.results import result
from tests.support.scans import LAYER
from tests.support.scans import finish as finish_scan
from tests.support.visualizations import SPEC
from tests.support.visualizations import URL as PICTURES

URL = "/v1/comparisons"


def put(redis: Redis, store: FileStore, spec: VisualizationSpec = SPEC, **numbers: Any) -> str:
    """The key of a finished picture, which is in the list of all jobs."""
    key = VISUALIZATION.key(spec, ENTRY.digest, ENTRY.renderer)
    png = encoded(Image.new("RGB", (96, 64), (spec.seed, 10, 20)))
    made = result([png], key, spec, {"activation": 1.0, "preactivation": 1.0, **numbers})
    store.put(made, [png])
    with redis.pipeline() as pipe:
        write(pipe, key, spec, made.finished, "succeeded", 600)
        pipe.execute()
    return key


@pytest.fixture
def scan(client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog) -> str:
    catalog.datasets.publish([datasets.ENTRY])
    asked = {"model": "tinynet", "dataset": datasets.ENTRY.name, "layers": ["conv1", LAYER]}
    key = str(client.post("/v1/scans", json=asked).json()["key"])
    finish_scan(redis, store, key)
    return key


def finish(redis: Redis, store: FileStore, key: str, told: dict[str, Any] = TOLD) -> None:
    """As a worker would."""
    records, ticket = Records(redis), JobQueue(redis).find(key)
    assert ticket is not None
    attempt = ticket.record.attempt
    assert records.start(key, attempt, "x")
    assert records.commit(key, attempt, "x")
    store.put(describe(key, ticket.record.spec, told, ticket.record.created), [])
    assert records.succeed(key, attempt, "x")


def test_the_specification_is_looked_up(client: httpx.Client, redis: Redis, store: FileStore, scan: str) -> None:
    """The best examples by what the picture climbs, other images, and pictures that differ by their seed alone."""
    others = [put(redis, store, SPEC.model_copy(update={"seed": seed})) for seed in (2, 1)]
    put(redis, store, SPEC.model_copy(update={"seed": 3, "steps": 64}))
    put(redis, store, SPEC.model_copy(update={"channel": 4}))
    picture = put(redis, store)
    answer = client.post(URL, json={"visualization": picture, "random": 5, "layers": ["CONV2", "conv1"]})
    said = answer.json()
    assert (answer.status_code, said["status"]) == (202, "queued")
    spec = ComparisonSpec.model_validate(said["spec"])
    assert said["key"] == COMPARISON.key(spec, ENTRY.digest, ENTRY.renderer)
    assert answer.headers["location"] == said["links"]["self"] == f"{URL}/{said['key']}"
    assert (spec.visualization, spec.others, spec.scan) == (picture, others[::-1], scan)
    assert (spec.layer, spec.channel, spec.sign, spec.size) == (LAYER, 3, "positive", SPEC.size)
    assert (spec.by, spec.examples, spec.layers) == ("strongest_mean", [3], ["conv1", "conv2"])
    assert len(set(spec.random)) == 5
    assert set(spec.random) < set(range(40)) - {3}
    assert len(set(spec.photos)) == 3
    for place in ("visualization", "scan", "unit", "examples"):
        assert client.get(said["links"][place]).status_code == 200
    for photo in spec.photos:
        assert client.get(f"/v1/photos/{photo}").status_code == 200
    again = client.post(URL, json={"visualization": picture, "random": 5, "layers": ["conv1", "conv2"]})
    assert (again.json()["key"], again.json()["deduplicated"]) == (said["key"], True)


@pytest.mark.parametrize(
    ("change", "by", "examples"),
    [
        ({}, "strongest_mean", [3]),
        ({"objective": NeuronObjective(type="neuron")}, "strongest", [3, 4]),
        ({"sign": "negative"}, "weakest", [3, 4]),
    ],
)
@pytest.mark.usefixtures("scan")
def test_examples_are_those_of_what_the_picture_does(
    client: httpx.Client, redis: Redis, store: FileStore, change: dict[str, Any], by: str, examples: list[int]
) -> None:
    picture = put(redis, store, SPEC.model_copy(update=change))
    spec = client.post(URL, json={"visualization": picture, "others": []}).json()["spec"]
    assert (spec["by"], spec["examples"], spec["others"], len(spec["random"])) == (by, examples, [], 16)
    assert spec["layers"] == [LAYER], "its own, where none before it is recommended"


@pytest.mark.usefixtures("scan")
def test_the_picture_tells_of_it(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    """Once it is finished; nothing is asked for by looking."""
    picture = put(redis, store)
    (before,) = client.get(f"{PICTURES}/{picture}").json()["evidence"]
    assert (before["comparison"], before["paths"]) == (None, None)
    said = client.post(URL, json={"visualization": picture}).json()
    (waiting,) = client.get(f"{PICTURES}/{picture}").json()["evidence"]
    assert waiting == before
    finish(redis, store, said["key"])
    found = client.get(said["links"]["self"]).json()
    assert (found["status"], found["layers"], found["broken"]) == ("succeeded", [FOUND], [20])
    assert found["numbers"] == {"device": "cpu", "seconds": 0.25}
    (evidence,) = client.get(f"{PICTURES}/{picture}").json()["evidence"]
    assert (evidence["comparison"], evidence["paths"]) == (said["links"]["self"], [FOUND])
    listed = client.get(URL, params={"layer": LAYER, "channel": 3, "sign": "positive"}).json()["comparisons"]
    assert [(one["key"], one["status"], one["dataset"]) for one in listed] == [
        (said["key"], "succeeded", datasets.ENTRY.name)
    ]
    redis.flushdb()
    assert client.get(f"{URL}/{said['key']}").json()["layers"] == [FOUND]


def test_after_the_broker_was_wiped(
    client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog, scan: str
) -> None:
    """Scans and comparisons are found again by whoever looks at a picture first."""
    picture = put(redis, store)
    key = client.post(URL, json={"visualization": picture}).json()["key"]
    finish(redis, store, key)
    entry, layers = catalog.model("tinynet"), catalog.layers(ENTRY)
    redis.flushdb()
    catalog.publish([entry])
    catalog.publish_layers(entry.name, layers)
    catalog.datasets.publish([datasets.ENTRY])
    (evidence,) = client.get(f"{PICTURES}/{picture}").json()["evidence"]
    assert (evidence["scan"], evidence["comparison"]) == (scan, f"{URL}/{key}")


def test_given_up_and_deleted(client: httpx.Client, redis: Redis, store: FileStore, scan: str) -> None:
    picture = put(redis, store)
    url = client.post(URL, json={"visualization": picture}).headers["location"]
    assert client.delete(url).json()["status"] == "cancelled"
    client.post(URL, json={"visualization": picture})
    check(client.delete(f"{url}/result"), 404, "not-found")
    finish(redis, store, url.rpartition("/")[2])
    assert client.delete(f"{url}/result").status_code == 204
    check(client.get(url), 404, "not-found")
    (evidence,) = client.get(f"{PICTURES}/{picture}").json()["evidence"]
    assert (evidence["scan"], evidence["comparison"]) == (scan, None)


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"visualization": "fv1_" + "0" * 64}, "unknown-photo", "/visualization"),
        ({"visualization": "fa1_" + "0" * 64}, "invalid-spec", "/visualization"),
        ({"dataset": "tinyimage"}, "unknown-dataset", "/dataset"),
        ({"layers": ["conv9"]}, "unknown-layer", "/layers/0"),
        ({"others": ["fv1_" + "0" * 64]}, "invalid-spec", "/others/0"),
        ({"examples": 0}, "invalid-spec", "/examples"),
    ],
)
@pytest.mark.usefixtures("scan")
def test_refused(
    client: httpx.Client, redis: Redis, store: FileStore, body: dict[str, Any], code: str, pointer: str
) -> None:
    problem = check(client.post(URL, json={"visualization": put(redis, store), **body}), 422, code)
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("change", "numbers"),
    [
        ({"objective": LayerObjective(type="layer"), "channel": None}, {}),
        ({"objective": NeuronObjective(type="neuron"), "sign": "negative"}, {}),
        ({"parameterization": FourierParameters(alpha=True)}, {}),
        ({}, {"display": [0]}),
    ],
)
@pytest.mark.usefixtures("scan")
def test_pictures_that_are_not_compared(
    client: httpx.Client, redis: Redis, store: FileStore, change: dict[str, Any], numbers: dict[str, Any]
) -> None:
    picture = put(redis, store, SPEC.model_copy(update=change), **numbers)
    problem = check(client.post(URL, json={"visualization": picture}), 422, "invalid-spec")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/visualization"]


def test_what_a_scan_is_needed_for(
    client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog, scan: str
) -> None:
    """Of the data set as it is now, at the picture's own size; the answer has the request that makes one."""
    small = put(redis, store, SPEC.model_copy(update={"size": (64, 64)}))
    problem = check(client.post(URL, json={"visualization": small}), 422, "invalid-spec")
    assert f'"layers": ["{LAYER}"], "size": [64, 64]}} to /v1/scans' in problem["detail"]
    catalog.datasets.publish([datasets.ENTRY.model_copy(update={"identity": "sha256:" + "6" * 64})])
    problem = check(client.post(URL, json={"visualization": put(redis, store)}), 422, "invalid-spec")
    assert (problem["errors"][0]["pointer"], scan[:4]) == ("/dataset", "fs1_")


@pytest.mark.usefixtures("scan")
def test_a_result_of_another_version(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    picture = put(redis, store)
    said = client.post(URL, json={"visualization": picture}).json()
    finish(redis, store, said["key"], {"layers": "many", "broken": []})
    check(client.get(said["links"]["self"]), 503, "other-version")
    (evidence,) = client.get(f"{PICTURES}/{picture}").json()["evidence"]
    assert evidence["paths"] is None
