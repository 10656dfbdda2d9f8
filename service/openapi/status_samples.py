"""An example of how everything stands."""

from __future__ import annotations

from datetime import UTC, datetime

from featurelens.jobs.kinds import KINDS
from featurelens.jobs.queue.stats import QueueStats, RendererStats
from featurelens.jobs.version import VERSION
from featurelens.service.schemas.status import SystemStatus

_CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

_RENDERER = RendererStats(
    id="3f9c0a7b.0",
    host="lab",
    version=VERSION,
    kinds=tuple(kind.name for kind in KINDS),
    device="cpu",
    precision="bfloat16",
    started=_CREATED,
    lanes=1,
    pictures=4,
    waiting=0,
    capacity=8,
    memory=12 << 30,
    ticks=5120,
    tick_seconds=96.1,
    steps=19200,
)
STATUS = SystemStatus(
    ready=True,
    missing=None,
    queues={
        "featurelens": QueueStats(length=3, oldest_wait=1.2),
        "featurelens-sweep": QueueStats(length=0, oldest_wait=0),
    },
    slots={"featurelens": 8, "featurelens-sweep": 4},
    renderer=_RENDERER,
    renderers=[_RENDERER],
    conflicts={},
    renderer_starts=1,
    ended={"succeeded": 150, "cancelled": 2},
    store_bytes={"results": 2_730_600, "thumbnails": 90_412, "photos": 0},
    results=150,
)
