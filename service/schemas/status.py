"""What the API says of the system as a whole."""

from __future__ import annotations

from pydantic import BaseModel, Field

from featurelens.jobs.queue.stats import QueueStats, RendererStats


class SystemStatus(BaseModel):
    """Queues, slots, renderer and store, just now."""

    ready: bool = Field(description="pictures can be asked for")
    missing: str | None = Field(description="the part that is not there", examples=["the renderer is not running"])
    queues: dict[str, QueueStats]
    slots: dict[str, int] = Field(description="how many take jobs, by queue")
    renderers: list[RendererStats] = Field(description="those that are running, one for each device, sorted by id")
    renderer: RendererStats | None = Field(
        description="the first of `renderers`, as there was only one at first; null: none is running"
    )
    conflicts: dict[str, str] = Field(
        description="networks that workers hold under one name with different weights, and which workers; "
        "nothing can be asked of them"
    )
    renderer_starts: int = Field(description="of all renderers together")
    ended: dict[str, int] = Field(description="pictures by outcome, since the job queue was last emptied")
    store_bytes: dict[str, int] = Field(
        description="what is kept, as of half a minute ago; results in a bucket are counted there",
        examples=[{"results": 48_120_000, "thumbnails": 1_903_000, "photos": 310_000}],
    )
    results: int | None = Field(description="finished pictures kept; null: they are in a bucket")
