"""What the API shows of a job of any kind: where it stands, and how far it is."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from featurelens.jobs.queue.records import Status


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


class JobLinks(BaseModel):
    """Where to go from here."""

    self: str
    events: str = Field(description="the same facts as server-sent events, as they come")


class Job(BaseModel):
    """The resource of one job. Each kind of job adds its own specification, result and links."""

    key: str = Field(description="names this picture for ever: a digest of everything that decides its pixels")
    status: Status
    spec: BaseModel
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    progress: Progress | None = Field(None, description="present until the picture is finished")
    position: int | None = Field(None, description="place in the queue, 1 is next; only while queued")
    askers: int | None = Field(None, description="how many wait for it; only until it is finished")
    deduplicated: bool = Field(False, description="true: somebody had asked for the same picture before")
    error: Ending | None = Field(None, description="present when failed")
    links: JobLinks

    @property
    def over(self) -> bool:
        """Nothing about it changes any more, unless somebody asks for it again."""
        return self.status in {"succeeded", "failed", "cancelled"}

    @property
    def preview(self) -> str | None:
        """Where a preview of the running job is; None when there is none."""
        return None
