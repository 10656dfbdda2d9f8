"""The catalog over HTTP."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import httpx
import pytest
from redis import Redis

from featurelens.jobs import addresses
from featurelens.jobs.catalog import formats
from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.catalog.entries import Branch, ModelEntry
from tests.support.catalog import ENTRY, LAYERS
from tests.support.problems import check

SUMMARY = ENTRY.model_dump(mode="json", exclude={"labels"})
NAMED = f"/v1/models/{ENTRY.name}"


def names(client: httpx.Client, address: str) -> list[str]:
    """Of all entries, page after page."""
    found: list[str] = []
    following: str | None = address
    while following:
        body = client.get(following).json()
        found += [entry["name"] for entry in body.get("models", body.get("layers"))]
        following = body["next"]
    return found


@pytest.fixture
def many(client: httpx.Client, catalog: Catalog) -> httpx.Client:
    """Five more networks, one of them downloaded."""
    more = [
        ENTRY.model_copy(
            update={
                "name": f"torchvision:net{n}@V1",
                "aliases": (f"net{n}",),
                "source": "torchvision",
                "downloaded": n == 3,
            }
        )
        for n in range(5)
    ]
    labelled = ENTRY.model_copy(update={"labels": tuple(f"class {n}" for n in range(10)), "classes_layer": "logits"})
    catalog.publish([labelled, *more])
    return client


def test_models(client: httpx.Client) -> None:
    assert client.get("/v1/models").json() == {"models": [SUMMARY], "total": 1, "next": None}


def test_searching_models(many: httpx.Client) -> None:
    assert many.get("/v1/models?source=torchvision&downloaded=true").json()["models"][0]["aliases"] == ["net3"]
    assert names(many, "/v1/models?q=TINY") == [ENTRY.name]
    assert names(many, "/v1/models?q=torchvision net4") == ["torchvision:net4@V1"]
    assert names(many, "/v1/models?q=none") == []
    check(many.get("/v1/models?source=elsewhere"), 422, "invalid-spec")


@pytest.mark.parametrize("limit", [1, 2, 6, 7])
def test_pages_of_models_hold_each_once_in_order(many: httpx.Client, limit: int) -> None:
    found = names(many, f"/v1/models?limit={limit}")
    assert found == sorted(found)
    assert len(found) == 6
    assert names(many, f"/v1/models?limit={limit}&source=torchvision&downloaded=false") == [
        name for name in found if "net" in name and "3" not in name and "tiny" not in name
    ]


def test_one_model_by_each_of_its_names(client: httpx.Client) -> None:
    for name in (ENTRY.name, "tinynet", ENTRY.name.replace(":", "%3A").replace("@", "%40")):
        assert client.get(f"/v1/models/{name}").json() == ENTRY.model_dump(mode="json")
        body = client.get(f"/v1/models/{name}/layers").json()
        assert body["model"] == ENTRY.name
        assert body["layers"] == [layer.model_dump(mode="json") for layer in LAYERS]


def test_a_network_that_cannot_be_described_says_why_wherever_it_is_asked_for(
    client: httpx.Client, catalog: Catalog
) -> None:
    catalog.publish_problem(ENTRY.name, "it does not run: ValueError: no")
    assert client.get("/v1/models").json()["models"][0]["problem"] == "it does not run: ValueError: no"
    assert client.get(NAMED).json()["problem"] == "it does not run: ValueError: no"
    answers = [client.get(f"{NAMED}/{what}") for what in ("layers", "layers/conv1", "layers/conv1/units/0")]
    answers.append(client.post("/v1/visualizations", json={"model": "tinynet", "layer": "conv1", "channel": 0}))
    for answer in answers:
        assert "it does not run: ValueError: no" in check(answer, 422, "not-describable")["detail"]
    catalog.publish_layers(ENTRY.name, LAYERS)
    assert client.get(NAMED).json()["problem"] is None
    assert client.get(f"{NAMED}/layers").status_code == 200


def test_searching_layers(client: httpx.Client, catalog: Catalog) -> None:
    first = [layer.model_copy(update={"recommended": layer.name == "conv2"}) for layer in LAYERS]
    catalog.publish_layers(ENTRY.name, first)
    assert names(client, f"{NAMED}/layers?kind=vector") == ["logits"]
    assert names(client, f"{NAMED}/layers?q=CONV") == ["conv1", "conv2"]
    assert names(client, f"{NAMED}/layers?recommended=true") == ["conv2"]
    assert names(client, f"{NAMED}/layers?limit=1") == ["conv1", "conv2", "logits"]
    assert names(client, f"{NAMED}/layers?limit=1&recommended=false") == ["conv1", "logits"]


def test_one_layer(many: httpx.Client) -> None:
    body = many.get(f"{NAMED}/layers/Logits").json()
    assert (body["name"], body["channels"], body["labels"][3]) == ("logits", 10, "class 3")
    assert many.get(body["links"]["unit"].format(n=3)).status_code == 200
    assert many.get(body["links"]["visualizations"]).status_code == 200
    assert "conv" in check(many.get(f"{NAMED}/layers/konv1"), 404, "not-found")["detail"]


def test_one_unit_and_its_pictures(many: httpx.Client, catalog: Catalog) -> None:
    halves = (Branch(name="1x1", first=0, channels=4), Branch(name="3x3", first=4, channels=12))
    catalog.publish_layers(ENTRY.name, [LAYERS[0], LAYERS[1].model_copy(update={"branches": halves}), LAYERS[2]])
    unit = many.get("/v1/models/tinynet/layers/conv2/units/7").json()
    assert (unit["address"], unit["branch"]["name"], unit["label"]) == (f"{ENTRY.name}/conv2:7", "3x3", None)
    assert unit["visualizations"] == []
    keys = [many.post("/v1/visualizations", json=unit["ask"][sign]).json()["key"] for sign in ("positive", "negative")]
    short = many.post("/v1/visualizations", json={"unit": unit["address"]}).json()
    assert short["key"] == keys[0]
    many.post("/v1/visualizations", json={"unit": "tinynet/conv2:8"})
    seen = many.get("/v1/models/tinynet/layers/conv2/units/7").json()["visualizations"]
    assert [(line["key"], line["sign"]) for line in seen] == [(keys[1], "negative"), (keys[0], "positive")]
    assert [line["key"] for line in many.get(unit["links"]["visualizations"]).json()["visualizations"]] == keys[::-1]
    assert many.get("/v1/models/tinynet/layers/logits/units/9").json()["label"] == "class 9"
    assert "0 to 15" in check(many.get(f"{NAMED}/layers/conv2/units/16"), 404, "not-found")["detail"]
    check(many.get(f"{NAMED}/layers/conv2/units/x"), 422, "invalid-spec")


def test_unknown(client: httpx.Client) -> None:
    for path in ("/v1/models/tinnynet", "/v1/models/tinnynet/layers"):
        assert "tinynet" in check(client.get(path), 404, "not-found")["detail"]


@pytest.mark.parametrize("name", ["..%2Ftinynet", "%00", "__init__", "__class__", "local:..%2F..%2Fetc"])
def test_names_are_looked_up_and_nothing_more(client: httpx.Client, name: str) -> None:
    for path in (f"/v1/models/{name}", f"/v1/models/{name}/layers", f"{NAMED}/layers/{name}"):
        check(client.get(path), 404, "not-found")


def test_names_of_ten_thousand_letters_are_refused(client: httpx.Client) -> None:
    for path in (f"/v1/models/{'a' * 10_000}", f"{NAMED}/layers/{'a' * 10_000}"):
        check(client.get(path), 422, "invalid-spec")
    for name in ("a" * 10_000, "\x00", "../x\x00"):
        check(client.post("/v1/visualizations", json={"model": name, "layer": "a", "channel": 0}), 422, "invalid-spec")


def test_layers_to_come(client: httpx.Client, redis: Redis) -> None:
    redis.delete(*formats.ALL)
    answer = client.get("/v1/models/tinynet/layers")
    check(answer, 503, "catalog-pending")
    assert answer.headers["retry-after"] == "2"


ODD = (
    "block/conv",
    "a/b/c",
    "/first",
    "a//b",
    "x:y/z",
    "a?b#c",
    "100%",
    "a%2Fb",
    "schicht 1/größe",
    "层/一",
    "units/3x",
    "{a}b",
    "../up",
)
"""Keys of a ModuleDict may be anything but hold a dot, and a network's author writes no addresses."""


@pytest.fixture(params=["tinynet", "org/net@v:1"])
def odd(client: httpx.Client, catalog: Catalog, request: pytest.FixtureRequest) -> ModelEntry:
    """A network whose layers have odd names, under a plain name and under one with a slash."""
    entry = ENTRY.model_copy(update={"name": request.param, "aliases": ()})
    catalog.publish([entry])
    layers = [LAYERS[1].model_copy(update={"name": name}) for name in ODD]
    catalog.publish_layers(entry.name, layers)
    return entry


@pytest.mark.parametrize("name", ODD)
def test_links_to_layers_of_any_name_can_be_followed(client: httpx.Client, odd: ModelEntry, name: str) -> None:
    layer = client.get(addresses.layer(odd.name, name)).json()
    assert (layer["model"], layer["name"]) == (odd.name, name)
    unit = client.get(layer["links"]["unit"].format(n=3)).json()
    assert (unit["model"], unit["layer"], unit["channel"]) == (odd.name, name, 3)
    assert client.get(unit["links"]["layer"]).json() == layer
    asked = client.post("/v1/visualizations", json=unit["ask"]["positive"]).json()
    assert client.post("/v1/visualizations", json={"unit": unit["address"]}).json()["key"] == asked["key"]
    for listed in (layer["links"]["visualizations"], unit["links"]["visualizations"]):
        assert [one["key"] for one in client.get(listed).json()["visualizations"]] == [asked["key"]]
    assert client.get(asked["links"]["layers"]).json()["total"] == len(ODD)


@pytest.mark.parametrize("name", [name for name in ODD if quote(name, safe="/") == name and ".." not in name])
def test_slashes_may_be_plain(client: httpx.Client, odd: ModelEntry, name: str) -> None:
    """As a proxy on the way may make them."""
    plain = f"/v1/models/{odd.name}/layers/{name}"
    assert client.get(plain).json() == client.get(addresses.layer(odd.name, name)).json()
    assert client.get(f"{plain}/units/3").json()["layer"] == name
    assert client.get(f"/v1/models/{odd.name}").json()["name"] == odd.name
    assert client.get(f"/v1/models/{odd.name}/").status_code == 307
    assert names(client, f"/v1/models/{odd.name}/layers") == list(ODD)


@pytest.mark.parametrize(
    "name",
    [
        "%FF%FE",
        "%00",
        "%0A",
        "%ED%A0%80",
        "a%2Fb%2Fc",
        "layers/layers/layers",
        "%25%2525",
        "é" * 200,
        "/" * 100,
        "a" * 25_000,
        "layers/" * 3_500,
        "a/units/" * 3_000,
        "..%2f..%2fetc%2fpasswd",
        "%E2%80%AE",
    ],
    ids=lambda name: name[:20],
)
def test_odd_names_are_nobodys_fault(client: httpx.Client, name: str) -> None:
    begun = time.monotonic()
    for path in (f"/v1/models/{name}", f"/v1/models/{name}/layers/{name}/units/0", f"{NAMED}/layers/{name}"):
        for method in ("GET", "HEAD", "POST", "DELETE"):
            answer = client.request(method, path)
            assert 300 <= answer.status_code < 500, (method, path[:80])
            if answer.headers.get("content-type") == "application/problem+json" and method != "HEAD":
                check(answer, answer.status_code, answer.json()["type"].rpartition(":")[2])
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "name", ["\\ud800", "\\u0000", "\\n", "/", ":", "a/b/c", "层", "é" * 200, "a" * 100_000, "../../etc", "\\ud83d"]
)
@pytest.mark.parametrize("field", ["model", "layer", "unit"])
def test_odd_names_in_bodies_are_nobodys_fault(client: httpx.Client, field: str, name: str) -> None:
    body = json.dumps({"model": "tinynet", "layer": "conv2", "channel": 0} | {field: "?"}).replace("?", name)
    headers = {"Content-Type": "application/json"}
    for path in ("/v1/visualizations", "/v1/sweeps", "/v1/activations"):
        answer = client.post(path, content=body.encode(), headers=headers)
        assert 400 <= answer.status_code < 500, path
        check(answer, answer.status_code, answer.json()["type"].rpartition(":")[2])


@pytest.mark.parametrize("name", ["%ED%A0%80", "%00", "a/b", "é" * 200, "%FF"])
def test_odd_names_in_queries_are_nobodys_fault(client: httpx.Client, name: str) -> None:
    for query in (f"model={name}", f"layer={name}"):
        assert client.get(f"/v1/visualizations?{query}").status_code in {200, 422}
    assert client.get(f"{NAMED}/layers?q={name}&after={name}").status_code in {200, 422}
