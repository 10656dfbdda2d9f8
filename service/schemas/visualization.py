"""What the API shows: a visualization on its way, finished or ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from featurelens.jobs.queue.job_queue import Ticket
from featurelens.jobs.queue.records import Status
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import Result

UNKNOWN = "no such visualization: it was never asked for, or has been deleted or forgotten"


class Progress(BaseModel):
    """How far the optimization is."""

    model_config = ConfigDict(from_attributes=True)

    stage: str | None = Field(
        None,
        description="waiting, loading (the network), rendering, storing or stopping; null: not yet started",
        examples=["rendering"],
    )
    step: int = Field(description="optimization steps done")
    steps: int = Field(description="optimization steps asked for")
    score: float | None = Field(
        None, description="what is optimized, on this step's transformed picture: it rises, whatever the sign"
    )
    seconds_left: float | None = Field(None, description="estimated; only once enough steps have been measured")


class Ending(BaseModel):
    """Why there is no picture."""

    code: str = Field(examples=["model-load-failed"])
    detail: str


class Picture(BaseModel):
    """One PNG of the result."""

    url: str
    width: int
    height: int
    bytes: int
    sha256: str
    step: int | None = Field(None, description="after how many steps; snapshots follow the finished pictures")


class Links(BaseModel):
    """Where to go from here."""

    self: str
    events: str = Field(description="the same facts as server-sent events, as they come")
    image: str | None = Field(None, description="the PNG, once it exists")
    sheet: str | None = Field(None, description="all of the pictures on one, where there are several")
    preview: str | None = Field(None, description="a small picture of a step on the way, while somebody watches")
    layers: str = Field(description="the layers of this network")


class Visualization(BaseModel):
    """What one unit of a network responds to, as a picture that is made once and then kept."""

    key: str = Field(description="names this picture for ever: a digest of everything that decides its pixels")
    status: Status
    spec: VisualizationSpec = Field(description="the full specification, with every default filled in")
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    progress: Progress | None = Field(None, description="present until the picture is finished")
    position: int | None = Field(None, description="place in the queue, 1 is next; only while queued")
    askers: int | None = Field(None, description="how many wait for it; only until it is finished")
    deduplicated: bool = Field(False, description="true: somebody had asked for the same picture before")
    numbers: dict[str, Any] | None = Field(
        None,
        description="measured on the final picture, untransformed, in float32: the unit's activation; "
        "further seconds, device, precision, seed, versions",
    )
    images: list[Picture] = Field(default_factory=list)
    error: Ending | None = Field(None, description="present when failed")
    links: Links

    @property
    def over(self) -> bool:
        """Nothing about it changes any more, unless somebody asks for it again."""
        return self.status in {"succeeded", "failed", "cancelled"}


def address(key: str) -> str:
    return f"/v1/visualizations/{key}"


def finished(result: Result) -> Visualization:
    """The resource of a picture that is in the result store."""
    here = address(result.key)
    urls = [f"{here}/image" + (f"?index={index}" if index else "") for index in range(len(result.images))]
    images = [Picture(url=url, **image.model_dump()) for url, image in zip(urls, result.images, strict=True)]
    sheet = urls.pop() if len(images) > 1 else None
    return Visualization(
        key=result.key,
        status="succeeded",
        spec=result.spec,
        created=result.created,
        started=result.started,
        finished=result.finished,
        numbers=result.numbers,
        images=images[: len(urls)],
        links=_links(result.key, result.spec, image=f"{here}/image", sheet=sheet),
    )


def underway(key: str, ticket: Ticket, *, deduplicated: bool = False) -> Visualization:
    """The resource of a picture that is not in the store: on its way, failed or cancelled."""
    record = ticket.record
    progress = Progress.model_validate(record)
    seen = record.preview if record.status == "running" else None
    preview = None if seen is None else f"{address(key)}/preview?step={seen}"
    ended = record.error_code is not None and record.status == "failed"
    return Visualization(
        key=key,
        status=record.public_status,
        spec=record.spec,
        created=record.created,
        started=record.started,
        finished=record.finished,
        progress=progress,
        position=ticket.position,
        askers=record.askers if record.in_flight else None,
        deduplicated=deduplicated,
        error=Ending(code=record.error_code or "", detail=record.error_detail or "") if ended else None,
        links=_links(key, record.spec, preview=preview),
    )


def _links(
    key: str, spec: JobSpec, image: str | None = None, sheet: str | None = None, preview: str | None = None
) -> Links:
    layers = f"/v1/models/{spec.model}/layers"
    here = address(key)
    return Links(self=here, events=f"{here}/events", image=image, sheet=sheet, preview=preview, layers=layers)
