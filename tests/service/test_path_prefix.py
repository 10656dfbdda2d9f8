"""Below a prefix everything that an answer names is found where it says, whatever the proxy does to the path."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import BaseModel
from redis import Redis

from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.queue.previews import Previews
from featurelens.jobs.queue.records import Records
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.service import openapi
from featurelens.service.auth.api_keys import ApiKeys
from featurelens.service.schemas.address import PREFIX
from tests.support.authorization import bearer
from tests.support.nginx import FORWARD, NEEDED, nginx
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, KEY, URL, put
from tests.support.wait import until

LOCATIONS = """
location /stripped/ {{ proxy_pass {url}/; {forward} proxy_set_header X-Forwarded-Prefix /stripped; }}
location /kept/ {{ proxy_pass {url}; {forward} proxy_set_header X-Forwarded-Prefix /kept; }}
location /vision/ {{ proxy_pass {url}/; {forward} }}
"""
"""A prefix that the proxy takes off and tells, one that it leaves and tells, one that it takes off without a word."""


def strings(of: Any) -> Iterator[str]:
    """Every string in what was read from JSON."""
    if isinstance(of, str):
        yield of
    for part in of.values() if isinstance(of, dict) else of if isinstance(of, list) else ():
        yield from strings(part)


def samples() -> list[tuple[str, BaseModel]]:
    """An answer of every kind, made by the code that makes them."""
    found = pkgutil.iter_modules(openapi.__path__, f"{openapi.__name__}.")
    modules = [import_module(one.name) for one in found if one.name.endswith("samples")]
    return [
        (f"{module.__name__}.{name}", value)
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, BaseModel) and not name.startswith("_") and not name.endswith("SPEC")
    ]


@pytest.mark.parametrize(("name", "sample"), samples())
def test_no_address_is_left_without_it(name: str, sample: BaseModel) -> None:
    """`service.schemas.address.Address` is the type of a field that holds one."""
    plain = [text for text in strings(json.loads(sample.model_dump_json())) if text.startswith("/")]
    was = PREFIX.set("/vision")
    try:
        below = [text for text in strings(json.loads(sample.model_dump_json())) if text.startswith("/")]
    finally:
        PREFIX.reset(was)
    assert below == [f"/vision{text}" for text in plain]


@pytest.fixture
def trusting(broker: str, tmp_path: Path, client: httpx.Client) -> Iterator[Server]:
    """Believes this machine, and thinks that it is below /vision where nobody says so; asks for keys."""
    settings = Settings(redis_url=broker, state=tmp_path, trusted_proxies="127.0.0.1", root_path="/vision/", auth="on")
    with Server(settings) as server:
        yield server


@pytest.fixture
def key(tmp_path: Path) -> dict[str, str]:
    return bearer(ApiKeys(Settings(state=tmp_path).keys_file).create("render"))


@pytest.fixture(params=["/stripped", "/kept", "/vision"])
def outside(request: pytest.FixtureRequest, trusting: Server, tmp_path: Path) -> Iterator[httpx.Client]:
    """Whoever comes through the proxy; its base is the prefix."""
    folder = tmp_path / "nginx"
    folder.mkdir()
    with (
        nginx(folder, LOCATIONS.format(url=trusting.url, forward=FORWARD)) as url,
        httpx.Client(base_url=url + request.param, timeout=30) as client,
    ):
        yield client


@NEEDED
def test_everything_is_found_through_a_proxy(outside: httpx.Client, key: dict[str, str], tmp_path: Path) -> None:
    prefix = outside.base_url.path.rstrip("/")
    host = str(outside.base_url).removesuffix(outside.base_url.path)

    def get(address: str, **headers: str) -> httpx.Response:
        answer = httpx.get(host + address, headers=headers, timeout=30)
        assert answer.status_code == 200, (address, answer.text)
        return answer

    asked = outside.post(URL, json=BODY, headers=key)
    assert (asked.status_code, asked.headers["location"]) == (202, f"{prefix}{URL}/{KEY}")
    links = get(asked.headers["location"], **key).json()["links"]
    assert get(links["layers"], **key).json()["layers"]
    token = get(f"{links['self']}/token", **key).json()["token"]
    put(FileStore(Settings(state=tmp_path).results_folder))
    picture = get(links["self"], **key).json()["links"]["image"]
    assert get(f"{picture}?token={token}").headers["content-type"] == "image/png"
    (told,) = [line for line in get(f"{links['events']}?token={token}").text.splitlines() if line.startswith("data")]
    assert json.loads(told.removeprefix("data: "))["links"] == links | {"image": picture}

    first = outside.get(URL, params={"limit": 1}, headers=key).json()
    assert [one["links"]["self"] for one in first["visualizations"]] == [links["self"]]
    unknown = check(outside.post(URL, json=BODY | {"layer": "nothing"}, headers=key), 422, "unknown-layer")
    assert unknown["detail"].endswith(f"all of them: {links['layers']}")
    nothing = check(outside.get("/nothing", headers=key), 404, "not-found")
    assert f"{prefix}/v1 and is described in {prefix}/openapi.json" in nothing["detail"]
    assert outside.get("/docs").status_code == 200
    assert outside.get("/openapi.json").json()["servers"] == [{"url": prefix}]
    redirected = outside.get("/v1/models/", headers=key)
    assert urlsplit(redirected.headers["location"]).path == f"{prefix}/v1/models"
    assert outside.put("/v1/models", headers=key).headers["allow"] == "GET, HEAD"
    large = outside.post("/v1/photos", content=b"x" * (3 << 20), headers=key | {"Content-Type": "image/png"})
    assert large.status_code == 422, "larger than other bodies may be, and no picture"


def test_who_is_not_trusted_says_no_prefix(server: Server, client: httpx.Client) -> None:
    said = {"X-Forwarded-Prefix": "/evil"}
    assert client.get("/v1/models", headers=said).status_code == 200
    assert client.post(URL, json=BODY, headers=said).headers["location"].startswith(URL)
    assert client.get("/evil/v1/models", headers=said).status_code == 404


@pytest.mark.parametrize("said", ["evil", "//evil.example", "/a b", "/a?b", "/a, /b", "https://evil.example/"])
def test_what_is_no_prefix_is_passed_over(trusting: Server, key: dict[str, str], said: str) -> None:
    answer = trusting.client.post(URL, json=BODY, headers=key | {"X-Forwarded-Prefix": said})
    assert answer.headers["location"] == f"/vision{URL}/{KEY}"


def test_anybody_may_be_a_proxy(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, trusted_proxies="*")) as server:
        answer = server.client.post(URL, json=BODY, headers={"X-Forwarded-Prefix": "/a/b/"})
    assert answer.headers["location"] == f"/a/b{URL}/{KEY}"


def test_watchers_of_one_picture_below_two_prefixes(trusting: Server, key: dict[str, str], redis: Redis) -> None:
    """Each is told its own addresses, and those of previews open with the token of the stream that names them."""
    client, records = trusting.client, Records(redis)
    assert client.post(URL, json=BODY, headers=key).status_code == 202
    token = client.get(f"{URL}/{KEY}/token", headers=key).json()["token"]
    ticket = JobQueue(redis).find(KEY)
    assert ticket is not None
    attempt = ticket.record.attempt
    records.start(KEY, attempt, "x")
    other = {"X-Forwarded-Prefix": "/other"}
    with (
        client.stream("GET", f"{URL}/{KEY}/events", params={"token": token}) as mine,
        client.stream("GET", f"{URL}/{KEY}/events", headers=key | other) as theirs,
    ):
        until(lambda: trusting.watcher.watchers(KEY) == 2)
        Previews(redis).put(KEY, b"webp")
        records.previewed(KEY, attempt, "x", 7)
        seen = [next(line for line in stream.iter_lines() if '"url"' in line) for stream in (mine, theirs)]
    first, second = (json.loads(line.removeprefix("data: "))["url"] for line in seen)
    assert first == f"/vision{URL}/{KEY}/preview?step=7&token={token}"
    assert second == f"/other{URL}/{KEY}/preview?step=7"
    assert client.get(first).content == b"webp"
    check(client.get(second, headers=other), 401, "not-authenticated")
