"""Two versions of Featurelens over one broker and one store, as during an upgrade: written by hand as each writes.

What this one does not understand is left out of lists and told as `other-version` under its own address, never a 500.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import WANTED, Catalog
from featurelens.jobs.catalog.formats import FORMER, LAYERS
from featurelens.jobs.catalog.merging import MODELS
from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.queue.index import INDEX
from featurelens.jobs.queue.record import record_key
from featurelens.jobs.queue.stats import counts, publish_renderer
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.version import VERSION
from featurelens.service.auth.api_keys import ApiKeys
from tests.support import datasets
from tests.support.catalog import ENTRY
from tests.support.problems import check
from tests.support.results import result
from tests.support.stats import RENDERER
from tests.support.visualizations import BODY, KEY, PNG, SPEC, URL, put

UNIT = "/v1/models/tinynet/layers/conv2/units/3"
OLDEST = {"model": ENTRY.name, "layer": "conv2", "channel": 3, "size": [64, 96]}
"""A specification before most fields were added."""
NEWER: dict[str, dict[str, Any]] = {
    "a field of the spec": {"spec": json.dumps(SPEC.model_dump(mode="json") | {"hue": 0.5})},
    "an objective": {"spec": json.dumps(SPEC.model_dump(mode="json") | {"objective": {"type": "dream"}})},
    "a status": {"status": "paused"},
    "another meaning": {"version": 2},
}


def change(redis: Redis, key: str, **fields: Any) -> None:
    """Writes the record of `key` as another version does."""
    redis.hset(record_key(key), mapping=cast("Any", fields))


def ask(client: httpx.Client, **changes: Any) -> str:
    key: str = client.post(URL, json=BODY | changes).json()["key"]
    return key


@pytest.mark.parametrize("fields", NEWER.values(), ids=NEWER)
def test_a_newer_record_is_told_as_such(client: httpx.Client, redis: Redis, fields: dict[str, Any]) -> None:
    newer, ours = ask(client, seed=1), ask(client, seed=2)
    change(redis, newer, **fields)
    for page in (client.get(URL), client.get(UNIT)):
        assert page.status_code == 200, page.text
        assert [picture["key"] for picture in page.json()["visualizations"]] == [ours]
    assert redis.zscore(INDEX, newer) is not None, "the version that understands it goes on listing it"
    for answer in (
        client.get(f"{URL}/{newer}"),
        client.get(f"{URL}/{newer}/events"),
        client.delete(f"{URL}/{newer}"),
        client.post(URL, json=BODY | {"seed": 1}),
    ):
        check(answer, 503, "other-version")
        assert int(answer.headers["retry-after"]) > 0
    assert client.get(f"{URL}/{ours}").json()["status"] == "queued"


def test_what_is_merely_new_is_ignored(client: httpx.Client, redis: Redis) -> None:
    key = ask(client)
    change(redis, key, mood="serene")
    assert client.get(f"{URL}/{key}").json()["status"] == "queued"
    assert client.post(URL, json=BODY).json()["askers"] == 2


def test_an_older_record_is_read(client: httpx.Client, redis: Redis) -> None:
    """Without version, and with a specification that knew fewer fields."""
    key = ask(client)
    redis.hdel(record_key(key), "version")
    change(redis, key, spec=json.dumps(OLDEST))
    seen = client.get(f"{URL}/{key}").json()
    assert (seen["status"], seen["spec"]["channel"]) == ("queued", 3)
    assert [picture["key"] for picture in client.get(URL).json()["visualizations"]] == [key]


def test_an_older_version_finds_what_it_needs(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    """All that the first version read of a record and of a result, where it looked for it."""
    key = ask(client, seed=7)
    record = {name.decode(): value.decode() for name, value in cast("Any", redis.hgetall(record_key(key))).items()}
    assert {"status", "attempt", "spec", "digest", "created", "steps", "askers", "queue"} <= record.keys()
    assert record["status"] == "queued"
    put(store)
    (file,) = store._folder.glob("*/*/result.json")
    told = json.loads(file.read_text())
    canonical = json.dumps(told["result"], sort_keys=True, separators=(",", ":"))
    assert told["sha256"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert {"key", "spec", "numbers", "created", "started", "finished", "images"} <= told["result"].keys()


def rewrite(store: FileStore, content: dict[str, Any], **outer: Any) -> None:
    """The stored result with other fields, sealed as every version seals it."""
    (file,) = store._folder.glob("*/*/result.json")
    file.write_text(seal(told(file) | content, **outer))


def told(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text())["result"])


def seal(content: dict[str, Any], **outer: Any) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return json.dumps({"result": content, "sha256": hashlib.sha256(canonical.encode()).hexdigest()} | outer)


def test_an_older_result_is_read_and_a_merely_newer_one_too(client: httpx.Client, store: FileStore) -> None:
    put(store)
    rewrite(store, {})
    (file,) = store._folder.glob("*/*/result.json")
    file.write_text(seal({name: value for name, value in told(file).items() if name != "files"}))
    assert client.get(f"{URL}/{KEY}").json()["status"] == "succeeded"
    rewrite(store, {"mood": "serene"}, version=1, signature="x")
    assert client.get(f"{URL}/{KEY}").json()["status"] == "succeeded"
    assert client.get(f"{URL}/{KEY}/image").content == PNG


@pytest.mark.parametrize(
    ("content", "outer"),
    [
        ({"spec": SPEC.model_dump(mode="json") | {"hue": 0.5}}, {}),
        ({}, {"version": 2}),
        ({"images": {"0": "x"}}, {}),
        ({"files": [{}]}, {}),
    ],
    ids=["a field of the spec", "another meaning", "another shape", "other files"],
)
def test_a_newer_result_is_kept(
    client: httpx.Client, store: FileStore, redis: Redis, content: dict[str, Any], outer: dict[str, Any]
) -> None:
    """It is not damaged: it is neither made again, nor replaced, nor taken out of the list of those who know it."""
    client.get(URL)
    put(store)
    redis.delete("featurelens:listing:complete")
    client.get(URL)  # lists what is stored anew
    rewrite(store, content, **outer)
    (before,) = [file.read_bytes() for file in store._folder.glob("*/*/result.json")]
    assert client.get(URL).json()["visualizations"] == []
    for answer in (client.get(f"{URL}/{KEY}"), client.get(f"{URL}/{KEY}/image"), client.post(URL, json=BODY)):
        check(answer, 503, "other-version")
    assert list(store.results()) == []
    with pytest.raises(OtherVersion):
        store.put(result([PNG], KEY, SPEC), [PNG])
    assert [file.read_bytes() for file in store._folder.glob("*/*/result.json")] == [before]


def test_a_newer_catalog(client: httpx.Client, redis: Redis) -> None:
    """What is merely new is ignored, what is not understood is left out."""
    entry = json.loads(cast("Any", redis.hget(MODELS, ENTRY.name)))
    redis.hset(MODELS, ENTRY.name, json.dumps(entry | {"licence": "MIT"}))
    redis.hset(MODELS, "hub:x@1", json.dumps(entry | {"name": "hub:x@1", "source": "hub"}))
    layers = json.loads(cast("Any", redis.hget(LAYERS, ENTRY.name)))
    told = [layer | {"mood": 1} for layer in layers] + [layers[0] | {"name": "graph", "kind": "graph"}]
    redis.hset(LAYERS, ENTRY.name, json.dumps(told))
    assert [model["name"] for model in client.get("/v1/models").json()["models"]] == [ENTRY.name]
    shown = client.get("/v1/models/tinynet/layers").json()["layers"]
    assert [layer["name"] for layer in shown] == [layer["name"] for layer in layers]
    check(client.get("/v1/models/hub:x@1"), 503, "other-version")
    assert client.post(URL, json=BODY).status_code == 202


@pytest.mark.parametrize("former", FORMER)
def test_layers_of_an_older_worker(client: httpx.Client, redis: Redis, former: str) -> None:
    """Read where it puts them, without what it did not know; a newer worker is asked to say more."""
    told = json.loads(cast("Any", redis.hget(LAYERS, ENTRY.name)))
    older = [{name: value for name, value in layer.items() if name != "start"} for layer in told]
    redis.delete(LAYERS, *FORMER, "featurelens:catalog:format")
    redis.hset(former, ENTRY.name, json.dumps(older))
    shown = client.get("/v1/models/tinynet/layers").json()["layers"]
    assert [layer["name"] for layer in shown] == [layer["name"] for layer in told]
    assert all(layer["start"] is None for layer in shown)
    assert client.post(URL, json=BODY).status_code == 202
    assert redis.lrange(WANTED, 0, -1) == [ENTRY.name.encode()]


@pytest.mark.parametrize("key", FORMER)
def test_an_older_service_finds_layers_and_problems(catalog: Catalog, redis: Redis, key: str) -> None:
    """All that it needs of a layer, under the name it looks for."""
    told = json.loads(cast("Any", redis.hget(key, ENTRY.name)))
    assert all({"name", "type", "kind", "channels", "height", "width", "rectified"} <= layer.keys() for layer in told)
    catalog.publish_problem(ENTRY.name, "odd")
    assert not redis.hexists(key, ENTRY.name)
    catalog.publish_layers(ENTRY.name, [])
    catalog.forget([ENTRY.name])
    assert not redis.hexists(key, ENTRY.name)


def test_layers_that_only_a_newer_service_reads(client: httpx.Client, redis: Redis) -> None:
    """Both versions are named; whoever publishes as before is waited for."""
    redis.delete(LAYERS, *FORMER)
    told = {"version": "7.1", "layers": ["featurelens:catalog:layers:9"], "mood": "serene"}
    redis.set("featurelens:catalog:format", json.dumps(told))
    for answer in (client.get("/v1/models/tinynet/layers"), client.post(URL, json=BODY)):
        problem = check(answer, 503, "other-version")
        assert "Featurelens 7.1 and publishes layers as featurelens:catalog:layers:9" in problem["detail"]
        assert f"this service is Featurelens {VERSION}" in problem["detail"]
    redis.set("featurelens:catalog:format", json.dumps(told | {"layers": [*told["layers"], FORMER[-1]]}))
    check(client.get("/v1/models/tinynet/layers"), 503, "catalog-pending")


def test_kinds_that_the_worker_does_not_know(client: httpx.Client, redis: Redis, catalog: Catalog) -> None:
    """One from before it was told knows the first two; nothing is accepted that nobody can do."""
    catalog.datasets.publish([datasets.ENTRY])
    older = RENDERER.model_dump_json(exclude={"version", "kinds"})
    redis.set("featurelens:renderer:figures", older)
    scan = {"model": "tinynet", "dataset": datasets.ENTRY.name, "layers": ["conv1"]}
    check(client.post("/v1/scans", json=scan | {"dataset": "cats"}), 503, "other-version")
    problem = check(client.post("/v1/scans", json=scan), 503, "other-version")
    assert "an older Featurelens and knows visualization, activations" in problem["detail"]
    assert client.post(URL, json=BODY).status_code == 202
    publish_renderer(redis, RENDERER.model_copy(update={"version": "0.0.9", "kinds": ("scan",)}))
    problem = check(client.post(URL, json=BODY | {"seed": 3}), 503, "other-version")
    assert "Featurelens 0.0.9 and knows scan; visualization" in problem["detail"]
    assert client.post(URL, json=BODY).status_code == 202, "accepted before"
    assert client.post("/v1/scans", json=scan).status_code == 202
    assert client.get("/v1/status").json()["renderer"]["version"] == "0.0.9"


def test_a_newer_sweep(client: httpx.Client, redis: Redis) -> None:
    body = {"model": "tinynet", "layer": "conv2", "channels": "0-2"}
    sweep = client.post("/v1/sweeps", json=body).json()
    first = client.get(sweep["links"]["items"]).json()["items"][0]
    change(redis, first["key"], status="paused")
    seen = client.get(sweep["links"]["self"]).json()
    assert (seen["status"], seen["counts"]["paused"], seen["counts"]["queued"]) == ("underway", 1, 2)
    assert client.get(sweep["links"]["items"]).json()["items"][0]["status"] == "paused"
    spec = json.dumps(SPEC.model_dump(mode="json") | {"hue": 0.5})
    redis.hset(f"featurelens:sweep:{sweep['id']}", "spec", spec)
    check(client.get(sweep["links"]["self"]), 503, "other-version")


def test_a_renderer_of_another_version_tells_other_figures(client: httpx.Client, redis: Redis) -> None:
    redis.set("featurelens:renderer:figures", json.dumps({"device": "cpu", "mood": "serene"}))
    assert client.get("/v1/status").json()["renderer"] is None
    assert client.get("/metrics").status_code == 200
    assert counts(redis) == {}


def test_an_api_key_of_a_newer_version_opens_nothing_and_stays(tmp_path: Path) -> None:
    """What limits it is not known here: `expires`, say, or a scope."""
    file = tmp_path / "keys.json"
    api_keys = ApiKeys(file)
    ours, theirs = api_keys.create("read"), api_keys.create("admin")
    entries = json.loads(file.read_text())
    entries[1] |= {"expires": "2020-01-01"}
    file.write_text(json.dumps(entries))
    assert api_keys.find(ours) is not None
    assert api_keys.find(theirs) is None
    api_keys.revoke(api_keys.all()[0].id)
    assert [entry.get("expires") for entry in json.loads(file.read_text())] == ["2020-01-01"]
