"""What a busy renderer says of itself."""

from __future__ import annotations

from datetime import UTC, datetime

from featurelens.jobs.kinds import KINDS
from featurelens.jobs.queue.stats import RendererStats

RENDERER = RendererStats(
    device="cpu",
    precision="bfloat16",
    started=datetime.now(UTC),
    lanes=2,
    pictures=5,
    waiting=1,
    capacity=16,
    ticks=10,
    tick_seconds=2.5,
    steps=40,
    kinds=tuple(kind.name for kind in KINDS),
)
