"""How long a single picture takes, on an idle Featurelens and during a sweep of 512.

``python -m benchmarks.waiting [URL]`` measures a running one and prints a table in Markdown.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx

SPEC: dict[str, Any] = {"model": "patternnet", "layer": "logits", "steps": 32, "size": 96}
CHANNELS, SEEDS = "0-15", 32
ASKED = 12
_WAIT = {"Prefer": "wait=20"}


def main() -> None:
    with httpx.Client(base_url=sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000", timeout=60) as client:
        seeds = itertools.count(int(time.time()))
        _alone(client, seeds, 1)
        idle = _alone(client, seeds, ASKED)
        begun = time.monotonic()
        sweep = client.post(
            "/v1/sweeps", json={**SPEC, "channels": CHANNELS, "seeds": [next(seeds) for _ in range(SEEDS)]}
        )
        asked = time.monotonic() - begun
        busy = _alone(client, seeds, ASKED)
        url = sweep.headers["location"]
        counts = client.get(url).json()["counts"]
        print(f"sweep of {sweep.json()['total']} accepted in {asked:.2f} s; afterwards {counts}")
        client.delete(url)
    print("\n| | until it starts: median | longest | until it is finished: median | longest |\n|---|---|---|---|---|")
    for name, times in (("idle", idle), ("during the sweep", busy)):
        waits, totals = zip(*times, strict=True)
        figures = [statistics.median(waits), max(waits), statistics.median(totals), max(totals)]
        print(f"| {name} | " + " | ".join(f"{figure:.2f} s" for figure in figures) + " |")


def _alone(client: httpx.Client, seeds: Iterator[int], count: int) -> list[tuple[float, float]]:
    """(seconds until a slot starts it, seconds until the answer) of `count` pictures, one after the other."""
    times = []
    for _ in range(count):
        begun = time.time()
        answer = client.post("/v1/visualizations", json={**SPEC, "channel": 3, "seed": next(seeds)}, headers=_WAIT)
        total = time.time() - begun
        body = answer.json()
        if body["status"] != "succeeded":
            raise SystemExit(f"not finished within {total:.0f} s: {body}")
        times.append((_seconds(body["started"]) - begun, total))
    return times


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


if __name__ == "__main__":
    main()
