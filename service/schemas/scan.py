"""What the API shows of a scan: what the units of some layers say to a whole data set."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, Field, ValidationError

from featurelens.jobs import addresses
from featurelens.jobs.errors import OtherVersion
from featurelens.jobs.queue.ticket import Ticket
from featurelens.jobs.spec.base import JobSpec
from featurelens.jobs.spec.scan import ScanSpec
from featurelens.jobs.store.result import Result
from featurelens.service.schemas.address import Address
from featurelens.service.schemas.job import Job, JobLinks, JobPage, JobSummary, of_result, of_ticket
from featurelens.service.schemas.numbers import Numbers


class ScannedLayer(BaseModel):
    """A layer as it was read."""

    name: str
    channels: int = Field(description="how many units it has")
    height: int = Field(description="of its feature maps, in positions; tokens are rows")
    width: int
    preactivation: bool = Field(description="true: it ends in ReLU, and what was read stood before that")


class BrokenImage(BaseModel):
    """An image that was left out."""

    image: int = Field(description="its number in the data set")
    reason: str


class BrokenImages(BaseModel):
    """Those that were left out."""

    count: int
    first: list[BrokenImage] = Field(description="at most a hundred; the worker's log names the files")


class ScanLinks(JobLinks):
    """Where to go from here."""

    table: Address | None = Field(description="all of it as Parquet, a row per unit; null until it is finished")
    units: Address | None = Field(
        description="the units of a layer, sorted by what was found; null until it is finished"
    )
    dataset: Address
    layers: Address = Field(description="the layers of this network")


class Scan(Job):
    """What all units of some layers say to all images of a data set. Its steps are images."""

    spec: ScanSpec = Field(description="the full specification, with every default filled in")
    images: int | None = Field(None, description="that were read")
    broken: BrokenImages | None = None
    layers: list[ScannedLayer] | None = Field(None, description="in the order asked for")
    numbers: Numbers | None = Field(
        None, description="seconds, device, instructions, threads, precision, weights, versions"
    )
    links: ScanLinks


class ScanSummary(JobSummary):
    """A scan in a list; `links.self` has all of it."""

    dataset: str
    links: ScanLinks


class ScansPage(JobPage):
    """One page."""

    scans: list[ScanSummary]

    @classmethod
    def of(cls, jobs: list[Scan], **more: Any) -> Self:
        return cls(scans=[ScanSummary.of(job) for job in jobs], **more)


def finished(result: Result) -> Scan:
    """The resource of a scan that is in the result store. Raises `OtherVersion`."""
    numbers = dict(result.numbers)
    try:
        told = {name: numbers.pop(name) for name in ("images", "broken", "layers")}
        return Scan(**of_result(result), **told, numbers=numbers, links=_links(result.key, result.spec, whole=True))
    except (KeyError, ValidationError) as error:
        raise OtherVersion.of("this result") from error


def underway(key: str, ticket: Ticket) -> Scan:
    """The resource of a scan that is not in the store: on its way, failed or cancelled."""
    return Scan(**of_ticket(key, ticket), links=_links(key, ticket.record.spec, whole=False))


def _links(key: str, spec: JobSpec, *, whole: bool) -> ScanLinks:
    assert isinstance(spec, ScanSpec)
    return ScanLinks(
        self=addresses.scan(key),
        events=addresses.job(addresses.SCANS, key, "events"),
        table=addresses.scan_table(key) if whole else None,
        units=addresses.scan_units(key) if whole else None,
        dataset=addresses.dataset(spec.dataset),
        layers=addresses.layers(spec.model),
    )
