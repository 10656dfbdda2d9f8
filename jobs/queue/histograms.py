"""How long things took, counted in Redis by all who do them: one histogram for the whole system, whoever shows it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple, cast

from redis import Redis

_PREFIX = "featurelens:histogram:"
_SUM = "sum"


class Histogram(NamedTuple):
    """Its name in Redis, and the upper bounds of its buckets in seconds; one more bucket has no bound."""

    name: str
    bounds: tuple[float, ...]

    def of(self, label: str) -> Histogram:
        """The part of it that is about `label`."""
        return Histogram(f"{self.name}:{label}", self.bounds)

    def bucket(self, seconds: float) -> int:
        """The number of the bucket that `seconds` falls into."""
        return bisect_left(self.bounds, seconds)


WAIT = Histogram("wait", (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000))
"""From when a job was accepted until a slot started it."""

WORK = Histogram("work", (0.3, 1, 3, 10, 30, 100, 300, 1000, 3000))
"""From there until its result was stored, by kind."""

TICK = Histogram("tick", (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10))
"""One step of a lane, or one pass of other work, in the renderer."""


class Counted(NamedTuple):
    """What a histogram holds: how many fell into each bucket, the last without bound, and the sum of all seconds."""

    buckets: list[int]
    seconds: float


def observe(redis: Redis, histogram: Histogram, seconds: float) -> None:
    """Counts one that took so long."""
    counts = [0] * (len(histogram.bounds) + 1)
    counts[histogram.bucket(seconds)] = 1
    add(redis, histogram, counts, seconds)


def add(redis: Redis, histogram: Histogram, counts: Sequence[int], seconds: float) -> None:
    """Counts many: so many in each bucket, which together took `seconds`."""
    if not any(counts):
        return
    with redis.pipeline(transaction=True) as pipe:
        for number, count in enumerate(counts):
            if count:
                pipe.hincrby(_PREFIX + histogram.name, str(number), count)
        pipe.hincrbyfloat(_PREFIX + histogram.name, _SUM, seconds)
        pipe.execute()


def read(redis: Redis, histograms: Sequence[Histogram]) -> list[Counted]:
    """What each of them holds, in one round trip."""
    with redis.pipeline(transaction=False) as pipe:
        for histogram in histograms:
            pipe.hgetall(_PREFIX + histogram.name)
        found = cast("list[dict[bytes, bytes]]", pipe.execute())
    return [
        Counted(
            [int(raw.get(str(number).encode(), 0)) for number in range(len(histogram.bounds) + 1)],
            float(raw.get(_SUM.encode(), 0.0)),
        )
        for histogram, raw in zip(histograms, found, strict=True)
    ]
