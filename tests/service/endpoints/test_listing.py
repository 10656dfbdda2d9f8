"""The list of pictures: newest first, filtered, in pages that neither repeat nor leave out, true to the store."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from redis import Redis

from featurelens.jobs.queue.records import Records
from featurelens.jobs.store.file_store import FileStore
from tests.support.catalog import ENTRY
from tests.support.problems import check
from tests.support.visualizations import BODY, KEY, URL, put
from tests.support.wait import until


def ask(client: httpx.Client, **changes: Any) -> str:
    key: str = client.post(URL, json=BODY | changes).json()["key"]
    return key


def listed(client: httpx.Client, query: str = "") -> list[str]:
    """All pages in one."""
    keys, address = [], f"{URL}?{query}"
    while address:
        page = client.get(address).json()
        keys += [picture["key"] for picture in page["visualizations"]]
        address = page["next"]
    return keys


def test_pages_newest_first(client: httpx.Client) -> None:
    keys = [ask(client, channel=channel) for channel in range(7)]
    assert listed(client) == keys[::-1]
    assert listed(client, "limit=1") == keys[::-1]
    first = client.get(f"{URL}?limit=3").json()
    newest = ask(client, channel=9)
    assert newest not in [p["key"] for p in client.get(first["next"]).json()["visualizations"]]
    assert listed(client, "limit=2") == [newest, *keys[::-1]]


def test_a_class_is_found_under_the_channel_of_its_logit(client: httpx.Client) -> None:
    body = {"model": "tinynet", "layer": "logits", "objective": {"type": "class", "label": 4}}
    key = client.post(URL, json=body).json()["key"]
    assert listed(client, "layer=logits&channel=4") == [key]
    assert listed(client, "layer=logits&channel=5") == []


def test_filters(client: httpx.Client, redis: Redis) -> None:
    three = ask(client)
    negative = ask(client, sign="negative")
    other = ask(client, layer="conv1", channel=3)
    assert listed(client, "layer=conv2") == [negative, three]
    assert listed(client, "layer=conv2&channel=3&sign=positive") == [three]
    assert listed(client, "channel=3&limit=1") == [other, negative, three]
    assert listed(client, "model=tinynet&sign=negative") == [negative]
    assert listed(client, f"model={ENTRY.name}&sign=negative") == [negative]
    assert listed(client, "model=nonesuch") == []
    assert Records(redis).leave(other) == "cancelled"
    assert listed(client, "status=cancelled") == [other]
    assert listed(client, "status=queued") == [negative, three]


def test_asked_for_again_comes_first_and_once(client: httpx.Client, redis: Redis) -> None:
    first, second = ask(client), ask(client, channel=4)
    Records(redis).leave(first)
    ask(client)
    assert listed(client) == [first, second]


def test_the_line_has_what_matters(client: httpx.Client) -> None:
    ask(client)
    (line,) = client.get(URL).json()["visualizations"]
    assert (line["status"], line["model"], line["layer"], line["channel"]) == ("queued", ENTRY.name, "conv2", 3)
    assert line["links"]["self"] == f"{URL}/{KEY}"


def test_wiped(client: httpx.Client, redis: Redis, store: FileStore) -> None:
    """The list is made anew from the store; what comes meanwhile stands above."""
    put(store)
    newer = ask(client, channel=4)
    assert client.get(URL).json()["complete"] is False
    until(lambda: client.get(URL).json()["complete"] is True, 5)
    assert listed(client) == [newer, KEY]
    assert listed(client, "status=succeeded") == [KEY]
    assert redis.ttl(f"featurelens:line:{KEY}") == -1


def test_what_is_gone_from_the_store_is_not_listed(client: httpx.Client, store: FileStore) -> None:
    put(store)
    client.get(URL)
    until(lambda: listed(client) == [KEY], 5)
    assert store.delete(KEY)
    assert listed(client) == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=x", "cursor=LWluZg", "sign=up", "status=storing"])
def test_bad_queries(client: httpx.Client, query: str) -> None:
    check(client.get(f"{URL}?{query}"), 422, "invalid-spec")
