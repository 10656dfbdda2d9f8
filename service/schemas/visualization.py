"""What the API shows of visualizations: one on its way, finished or ended, and many in a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, Field

from featurelens.jobs import addresses
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.base import JobSpec, Sign
from featurelens.jobs.spec.visualization import VisualizationSpec
from featurelens.jobs.store.result import Result
from featurelens.service.schemas.address import Address
from featurelens.service.schemas.evidence import Evidence, Standing
from featurelens.service.schemas.job import Job, JobLinks, JobPage, JobSummary, of_result, of_ticket
from featurelens.service.schemas.numbers import PictureNumbers


class Picture(BaseModel):
    """One PNG of the result."""

    url: Address
    width: int
    height: int
    bytes: int
    sha256: str
    step: int | None = Field(None, description="after how many steps; snapshots follow the finished pictures")


class Links(JobLinks):
    """Where to go from here."""

    image: Address | None = Field(None, description="the PNG, once it exists")
    sheet: Address | None = Field(None, description="all of the pictures on one, where there are several")
    preview: Address | None = Field(None, description="a small picture of a step on the way, while somebody watches")
    layers: Address = Field(description="the layers of this network")


class Visualization(Job):
    """What one unit of a network responds to, as a picture that is made once and then kept."""

    spec: VisualizationSpec = Field(description="the full specification, with every default filled in")
    numbers: PictureNumbers | None = Field(
        None,
        description="measured on the final picture, untransformed, in float32: the unit's activation; "
        "further seconds, device, instructions, threads, precision, seed, versions",
    )
    images: list[Picture] = Field(default_factory=list)
    evidence: list[Evidence] | None = Field(
        None,
        description="beside data sets that were scanned; null: nothing is known to compare with, or this is not the "
        "resource itself but an answer that carries it",
    )
    links: Links

    @property
    def preview(self) -> str | None:
        """Where a preview of the running optimization is; None when there is none."""
        return self.links.preview


class Summary(JobSummary):
    """A visualization in a list; `links.self` has all of it."""

    layer: str | None
    channel: int | None
    sign: Sign
    objective: str
    steps: int
    seed: int
    activation: float | None = Field(description="`numbers.activation`, once it is finished")
    standing: Standing | None = Field(
        None, description="how far it gets beside the images of a data set; looked for when sorted by that"
    )
    links: Links

    @classmethod
    def of(cls, whole: Job, **more: Any) -> Self:
        assert isinstance(whole, Visualization)
        spec = whole.spec
        return cls(
            key=whole.key,
            status=whole.status,
            model=spec.model,
            layer=spec.layer,
            channel=spec.listed_channel,
            sign=spec.sign,
            objective=spec.objective.type,
            steps=spec.steps,
            seed=spec.seed,
            activation=(whole.numbers or {}).get("activation"),
            created=whole.created,
            finished=whole.finished,
            links=whole.links,
            **more,
        )


class Visualizations(JobPage):
    """One page."""

    visualizations: list[Summary]

    @classmethod
    def of(cls, jobs: list[Visualization], standings: Mapping[str, Standing] | None = None, **more: Any) -> Self:
        """`standings`: of some of them, by key."""
        beside = standings or {}
        return cls(visualizations=[Summary.of(job, standing=beside.get(job.key)) for job in jobs], **more)


def finished(result: Result) -> Visualization:
    """The resource of a visualization that is in the result store."""
    image = addresses.image(result.key)
    urls = [
        image if index == 0 else addresses.with_query(image, {"index": index}) for index in range(len(result.images))
    ]
    images = [Picture(url=url, **image.model_dump()) for url, image in zip(urls, result.images, strict=True)]
    sheet = urls.pop() if len(images) > 1 else None
    return Visualization(
        **of_result(result),
        numbers=result.numbers,
        images=images[: len(urls)],
        links=_links(result.key, result.spec, image=image, sheet=sheet),
    )


def underway(key: str, ticket: Ticket) -> Visualization:
    """The resource of a visualization that is not in the store: on its way, failed or cancelled."""
    record = ticket.record
    step = record.preview if record.status == "running" else None
    preview = None if step is None else addresses.with_query(addresses.preview(key), {"step": step})
    return Visualization(**of_ticket(key, ticket), links=_links(key, record.spec, preview=preview))


def _links(
    key: str, spec: JobSpec, image: str | None = None, sheet: str | None = None, preview: str | None = None
) -> Links:
    return Links(
        self=addresses.visualization(key),
        events=addresses.job(addresses.VISUALIZATIONS, key, "events"),
        image=image,
        sheet=sheet,
        preview=preview,
        layers=addresses.layers(spec.model),
    )
