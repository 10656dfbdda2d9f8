"""What the API shows of a job of any kind: where it stands, how far it is, how it ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from featurelens.jobs.errors import BY_CODE
from featurelens.jobs.queue.record import Status
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.store.result import Result
from featurelens.service.schemas.address import Address
from featurelens.service.schemas.events import WAITING_FOR, WaitingFor


class Progress(BaseModel):
    """How far it is."""

    model_config = ConfigDict(from_attributes=True)

    stage: str | None = Field(
        None,
        description="waiting, downloading (weights), loading (the network), rendering or reading, tabulating (a scan), "
        "storing or stopping; null: not yet started",
        examples=["rendering"],
    )
    step: int = Field(description="steps done, of the optimization where there is one")
    steps: int = Field(description="steps asked for")
    score: float | None = Field(
        None, description="what is optimized, on this step's transformed picture: it rises, whatever the sign"
    )
    seconds_left: float | None = Field(None, description="estimated; only once enough steps have been measured")
    downloaded: int | None = Field(None, description="bytes of the network's weights that have come; while downloading")
    download_size: int | None = Field(None, description="of all of them; null: not known")


class Ending(BaseModel):
    """Why there is no result."""

    code: Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(BY_CODE)})] = Field(
        examples=["model-load-failed"]
    )
    detail: str


class JobLinks(BaseModel):
    """Where to go from here."""

    self: Address
    events: Address = Field(description="the same facts as server-sent events, as they come")


class Job(BaseModel):
    """The resource of one job. Each kind of job adds its own specification, result and links."""

    key: str = Field(description="names the result for ever: a digest of everything that decides it")
    status: Status
    spec: BaseModel
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    progress: Progress | None = Field(None, description="present until it is finished")
    position: int | None = Field(None, description="place in the queue, 1 is next; only while queued")
    waiting_for: WaitingFor | None = Field(None, description=WAITING_FOR)
    askers: int | None = Field(None, description="how many wait for it; only until it is finished")
    deduplicated: bool = Field(False, description="true: somebody had asked for the same before")
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


class JobSummary(BaseModel):
    """A job in a list; `links.self` has all of it. Each kind adds fields of its specification."""

    key: str
    status: Status
    model: str
    created: datetime
    finished: datetime | None
    links: JobLinks

    @classmethod
    def of(cls, whole: Job, **more: Any) -> Self:
        """`whole` in few words; `more` are fields that its specification has not."""
        about: Any = whole.spec
        others = cls.model_fields.keys() - JobSummary.model_fields.keys() - more.keys()
        own = {name: getattr(about, name) for name in others}
        told = {name: getattr(whole, name) for name in ("key", "status", "created", "finished", "links")}
        return cls(model=about.model, **told, **own, **more)


class JobPage(BaseModel, ABC):
    """One page of a list. Each kind adds the jobs on it."""

    next: Address | None = Field(description="the next page; null: this was the last")
    complete: bool = Field(description="false while the list is made anew from the stored results")

    @classmethod
    @abstractmethod
    def of(cls, jobs: list[Any], **more: Any) -> Self:
        """With these jobs; `more` are the other fields."""


def of_result(result: Result) -> dict[str, Any]:
    """The fields of a job that is in the result store, but for its links and what its kind adds."""
    times = {"created": result.created, "started": result.started, "finished": result.finished}
    return {"key": result.key, "status": "succeeded", "spec": result.spec, **times}


def of_ticket(key: str, ticket: Ticket) -> dict[str, Any]:
    """The same of a job that is not in the store: on its way, failed or cancelled."""
    record = ticket.record
    failed = record.error_code is not None and record.status == "failed"
    return {
        "key": key,
        "status": record.public_status,
        "spec": record.spec,
        "created": record.created,
        "started": record.started,
        "finished": record.finished,
        "progress": Progress.model_validate(record),
        "position": ticket.position,
        "waiting_for": "other-version" if ticket.aside else None,
        "askers": record.askers if record.in_flight else None,
        "error": Ending(code=record.error_code or "", detail=record.error_detail or "") if failed else None,
    }
