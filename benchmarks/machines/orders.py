"""What is asked for of two machines: jobs of every kind, none twice, with photographs that the other one was given."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

import httpx

from benchmarks import chaos
from tests.support.photographs import corners, encoded

LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "logits")
KINDS = ("picture", "picture", "picture", "sweep", "inversion", "activations", "maps", "attribution")
SWEPT = 4
"""Pictures of a sweep."""
PATIENCE = httpx.Timeout(4, connect=1)


def order(kind: str, seed: int, chance: random.Random, photo: str) -> tuple[str, dict[str, Any]]:
    """Where it is asked for, and what is sent; of another `seed`, another job."""
    layer = LAYERS[seed % len(LAYERS)]
    size = [64 + seed // 7 % 64, 64 + seed // 448 % 64]
    spec = {"model": "patternnet", "layer": layer}
    made = spec | {"steps": chance.randint(4, 40), "size": chance.choice([64, 80, 96])}
    looked = {"photo": photo, "size": size}
    match kind:
        case "sweep":
            return "/v1/sweeps", made | {"channels": f"0-{SWEPT - 1}", "seeds": [seed]}
        case "inversion":
            return "/v1/visualizations", made | {"objective": {"type": "inversion", "photo": photo}, "seed": seed}
        case "activations":
            return "/v1/activations", {"model": "patternnet", "units": 1 + seed % 7} | looked
        case "maps":
            return "/v1/maps", spec | looked
        case "attribution":
            method = {"type": "integrated_gradients", "steps": 8}
            return "/v1/attributions", spec | looked | {"channel": 3, "method": method}
        case "scan":
            return "/v1/scans", {"model": "patternnet", "dataset": "patterns", "layers": ["conv6", "logits"]}
        case _:
            return "/v1/visualizations", made | {"channel": 1 + seed % 5, "seed": seed}


def uploaded(client: httpx.Client, number: int) -> str:
    """The name of a photograph, another one for each `number`."""
    photo = corners().rotate(number % 360, expand=True)
    answer = client.post("/v1/photos", content=encoded(photo), headers={"content-type": "image/png"})
    return str(answer.raise_for_status().json()["photo"])


def alternating(urls: Sequence[str]) -> httpx.Client:
    """A client of all services at these addresses: each request goes to the next one."""
    return httpx.Client(base_url=urls[0], transport=_Alternating(urls), timeout=PATIENCE)


class _Alternating(httpx.BaseTransport):
    def __init__(self, urls: Sequence[str]) -> None:
        self._next = itertools.cycle(map(httpx.URL, urls))
        self._transport = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        at = next(self._next)
        request.url = request.url.copy_with(host=at.host, port=at.port)
        request.headers["host"] = at.netloc.decode()
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()


class Asker(chaos.Asker):
    """Asks the services in turn, each for what is made after a photograph that another one was given."""

    def __init__(self, urls: Sequence[str], seed: int) -> None:
        super().__init__(alternating(urls), seed)
        self._services = [httpx.Client(base_url=url, timeout=PATIENCE) for url in urls]
        self._photos = [uploaded(one, seed + 10 * number) for number, one in enumerate(self._services)]

    def order(self, seed: int) -> tuple[str, str, dict[str, Any]]:
        kind = self._chance.choice(KINDS)
        photo = self._photos[(seed + 1) % len(self._services)]
        return kind, *order(kind, seed, self._chance, photo)

    def service(self, seed: int) -> httpx.Client:
        return self._services[seed % len(self._services)]
