"""Lists sorted by what was found: what is not known comes last, pages repeat nothing, results are read once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.kinds import COMPARISON
from featurelens.jobs.queue.index import write
from featurelens.jobs.store.file_store import FileStore
from featurelens.jobs.store.result import describe
from featurelens.service import ranking
from tests.support import datasets
from tests.support.catalog import ENTRY
from tests.support.comparisons import LAYER as COMPARED_LAYER
from tests.support.comparisons import SPEC as COMPARED
from tests.support.comparisons import TOLD
from tests.support.pictured import pictured
from tests.support.problems import check
from tests.support.scans import LAYER, finish
from tests.support.visualizations import BODY, URL
from tests.support.wait import until

COMPARISONS = "/v1/comparisons"


@pytest.fixture
def scan(client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog) -> str:
    """Where a finished one is."""
    catalog.datasets.publish([datasets.ENTRY])
    body = {"model": "tinynet", "dataset": datasets.ENTRY.name, "layers": ["conv1", LAYER]}
    url = client.post("/v1/scans", json=body).headers["location"]
    finish(redis, store, url.rpartition("/")[2])
    return url


def listed(client: httpx.Client, url: str = URL, **query: Any) -> list[dict[str, Any]]:
    """All pages in one."""
    found: list[dict[str, Any]] = []
    page = client.get(url, params=query).json()
    while True:
        found += page[url.rpartition("/")[2]]
        if page["next"] is None:
            return found
        page = client.get(page["next"]).json()


def urls(client: httpx.Client, **query: Any) -> list[str]:
    return [one["links"]["self"] for one in listed(client, **query)]


def compared(redis: Redis, store: FileStore, picture: str, scan: str, whole: float | None, means: float | None) -> str:
    """Where a finished comparison is."""
    key = picture.rpartition("/")[2]
    spec = COMPARED.model_copy(update={"visualization": key, "scan": scan.rpartition("/")[2]})
    found = COMPARISON.key(spec, ENTRY.digest, ENTRY.renderer)
    layer = {**COMPARED_LAYER, "normalized": whole, "means": {**COMPARED_LAYER["means"], "normalized": means}}
    made = describe(found, spec, {**TOLD, "layers": [layer]}, datetime.now(UTC))
    store.put(made, [])
    with redis.pipeline() as pipe:
        write(pipe, found, spec, made.finished, "succeeded", 600)
        pipe.execute()
    return f"{COMPARISONS}/{found}"


def test_by_activation(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    """The largest first, or the smallest; those on their way last, the latest first; of equal ones too."""
    low, high, middle, again = (pictured(redis, store, channel, value) for channel, value in enumerate((-1, 9, 2, 2.0)))
    waiting = [client.post(URL, json=BODY | {"channel": channel}).headers["location"] for channel in (8, 9)]
    rest = waiting[::-1]
    assert urls(client, sort="activation") == [high, again, middle, low, *rest]
    assert urls(client, sort="activation", order="ascending") == [low, again, middle, high, *rest]
    assert urls(client, sort="activation", limit=1) == [high, again, middle, low, *rest]
    assert urls(client, sort="activation", status="succeeded", channel=2) == [middle]
    assert [one["activation"] for one in listed(client, sort="activation")] == [9.0, 2.0, 2.0, -1.0, None, None]


def test_a_page_goes_on_behind_the_one_before(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    pictures = [pictured(redis, store, channel, float(channel)) for channel in range(6)]
    page = client.get(URL, params={"sort": "activation", "limit": 3}).json()
    pictured(redis, store, 7, 100.0)
    between = pictured(redis, store, 8, 1.5)
    page = client.get(page["next"]).json()
    assert [one["links"]["self"] for one in page["visualizations"]] == [pictures[2], between, pictures[1]]
    page = client.get(page["next"]).json()
    assert [one["links"]["self"] for one in page["visualizations"]] == [pictures[0]]
    assert page["next"] is None


def test_by_what_they_reach_beside_a_data_set(
    client: httpx.Client, redis: Redis, store: FileStore, catalog: Catalog, scan: str
) -> None:
    """The best image raises each unit to 0.75."""
    half, twice = pictured(redis, store, 2, 0.375), pictured(redis, store, 5, 1.5)
    negative = pictured(redis, store, 9, -3.0, sign="negative")
    small = pictured(redis, store, 3, 7.0, size=(64, 64))
    assert urls(client, sort="ratio") == [twice, half, small, negative]
    assert urls(client, sort="ratio", order="ascending") == [half, twice, small, negative]
    assert set(urls(client, sort="percentile")[:2]) == {twice, negative}
    first, *_, last = listed(client, sort="ratio", limit=2)
    assert first["standing"] == {
        "dataset": datasets.ENTRY.name,
        "ratio": {"least": 2.0, "most": 2.0},
        "percentile": {"least": 100.0, "most": 100.0},
        "likeness": None,
        "likeness_of_means": None,
    }
    assert last["standing"]["ratio"] is None, "no image brings this unit below zero"
    assert listed(client, sort="activation")[0]["links"]["self"] == small
    assert listed(client)[0]["standing"] is None, "not looked for"
    assert urls(client, sort="ratio", dataset=datasets.ENTRY.name)[0] == twice
    catalog.publish([ENTRY.model_copy(update={"digest": "sha256:" + "1" * 64})])
    assert urls(client, sort="ratio") == [small, negative, twice, half], "of former weights nothing is known"


def test_by_how_alike_they_are_processed(client: httpx.Client, redis: Redis, store: FileStore, scan: str) -> None:
    pictures = [pictured(redis, store, 3, 1.5, seed=seed) for seed in range(4)]
    found = [
        compared(redis, store, picture, scan, whole, means)
        for picture, whole, means in zip(pictures, (0.25, 0.75, None), (0.5, None, 0.75), strict=False)
    ]
    assert urls(client, sort="likeness") == [pictures[1], pictures[0], pictures[3], pictures[2]]
    assert urls(client, sort="likeness_of_means") == [pictures[2], pictures[0], pictures[3], pictures[1]]
    assert [one["standing"]["likeness"] for one in listed(client, sort="likeness")] == [0.75, 0.25, None, None]
    told = listed(client, COMPARISONS, sort="likeness", limit=1)
    assert [(one["links"]["self"], one["likeness"]) for one in told] == [
        (found[1], 0.75),
        (found[0], 0.25),
        (found[2], None),
    ]
    by_means = listed(client, COMPARISONS, sort="likeness_of_means", order="ascending")
    assert [one["likeness_of_means"] for one in by_means] == [0.5, 0.75, None]
    later = compared(redis, store, pictures[3], scan, 0.5, 0.5)
    assert urls(client, sort="likeness") == [pictures[1], pictures[3], pictures[0], pictures[2]]
    assert listed(client, COMPARISONS, sort="likeness")[1]["links"]["self"] == later


def test_each_result_is_read_once(
    client: httpx.Client, redis: Redis, store: FileStore, scan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And again only where a scan says something else. What is on a page is looked up as in any list."""
    pictures = [pictured(redis, store, channel, 0.1 * channel) for channel in range(8)]
    read: list[str] = []
    measured = ranking.Ranking._read

    def noted(self: ranking.Ranking, states: dict[str, str]) -> Any:
        read.extend(states)
        return measured(self, states)

    monkeypatch.setattr(ranking.Ranking, "_read", noted)

    def rereads(sort: str) -> int:
        read.clear()
        assert urls(client, sort=sort, limit=3) == pictures[::-1]
        return len(read)

    assert [rereads(sort) for sort in ("activation", "activation", "ratio", "percentile")] == [8, 0, 0, 0]
    asked = {"model": "tinynet", "dataset": datasets.ENTRY.name, "layers": [LAYER], "keep": 3}
    finish(redis, store, client.post("/v1/scans", json=asked).json()["key"])
    assert [rereads(sort) for sort in ("activation", "ratio", "ratio")] == [0, 8, 0]


def test_many_results_are_read_some_at_a_time(
    client: httpx.Client, redis: Redis, store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until all are, the list says that it is not complete."""
    monkeypatch.setattr(ranking, "TOGETHER", 2)
    monkeypatch.setattr(ranking, "PATIENCE", 0.0)
    pictures = [pictured(redis, store, channel, float(channel)) for channel in range(5)]
    until(lambda: client.get(URL).json()["complete"], 5)
    whole = [client.get(URL, params={"sort": "activation"}).json()["complete"] for _ in range(3)]
    assert whole == [False, False, True]
    assert urls(client, sort="activation") == pictures[::-1]


def test_made_again(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    """What is asked for again is not sorted by what it was before."""
    picture, other = pictured(redis, store, 1, 5.0), pictured(redis, store, 2, 3.0)
    assert urls(client, sort="activation") == [picture, other]
    assert store.delete(picture.rpartition("/")[2])
    assert urls(client, sort="activation") == [other]
    assert pictured(redis, store, 1, 1.0) == picture
    assert urls(client, sort="activation") == [other, picture]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sort=size", "'activation', 'ratio', 'percentile', 'likeness' or 'likeness_of_means'"),
        ("sort=activation&order=up", "'descending' or 'ascending'"),
        ("sort=activation&cursor=MTI", "next"),
        ("sort=activation&cursor=W10", "next"),
        ("cursor=W10", "next"),
    ],
)
def test_bad_queries(client: httpx.Client, query: str, said: str) -> None:
    assert said in str(check(client.get(f"{URL}?{query}"), 422, "invalid-spec"))


def test_a_cursor_is_of_one_list(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    for channel in range(2):
        pictured(redis, store, channel, 1.0)
    following = client.get(URL, params={"sort": "activation", "limit": 1}).json()["next"]
    assert client.get(following).status_code == 200
    check(client.get(following.replace("sort=activation", "sort=ratio")), 422, "invalid-spec")
    check(client.get(f"{COMPARISONS}?sort=ratio"), 422, "invalid-spec")
    check(client.get(f"{URL}?sort=ratio&dataset=nowhere"), 422, "unknown-dataset")
