"""Server-sent events as they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx


def parsed(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """Each event that carries data: its fields by name, the data read as JSON."""
    event: dict[str, Any] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            event[name] = json.loads(value) if name == "data" else value
        elif "data" in event:
            yield event
            event = {}
