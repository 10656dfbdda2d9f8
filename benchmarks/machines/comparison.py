"""Whether two services tell and show the same of a job, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import httpx

CONTENTS = ("image", "file", "table", "units")
"""Links of a finished job to what was made."""


def differences(clients: Sequence[httpx.Client], url: str) -> list[str]:
    """The addresses, of the job at `url` and what was made, at which two of them answer differently, or not at all."""
    told = clients[0].get(url).raise_for_status().json()
    found = [url, *filter(None, (told["links"].get(name) for name in CONTENTS))]
    if "sheet" in told["links"]:
        found += [f"{url}/image?index={index}" for index in range(1, len(told["images"]))]
    return [at for at in found if len({_answer(client, at) for client in clients}) > 1 or not _good(clients[0], at)]


def _answer(client: httpx.Client, address: str) -> tuple[int, str]:
    answer = client.get(address)
    return answer.status_code, hashlib.sha256(answer.content).hexdigest()


def _good(client: httpx.Client, address: str) -> bool:
    return client.get(address).status_code == 200
